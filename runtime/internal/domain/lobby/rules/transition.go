package rules

import (
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Transition computes the next lobby and its patches from the current lobby. A service applies a
// transition within a compare-and-set, so only this package, which imports no store and no
// context, makes transitions: a closure of the service could do I/O there.
type Transition struct {
	apply func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error)
}

// ErrNotPrepared is the error of a transition that needs a preparation, such as a reserved
// membership. The caller decides again on the current lobby, prepares, and commits again.
var ErrNotPrepared = errors.New("the lobby changed, and its change is not prepared")

// Apply returns the next lobby with one patch for each event. Without patches nothing changes.
func (t Transition) Apply(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	return t.apply(l, now)
}

// Refuse returns an error instead of a change. A service commits it when a preparation failed:
// a repeated request then still gets the answer of the first request.
func Refuse(err error) Transition {
	return Transition{func(l Lobby, _ time.Time) (Lobby, []wire.LobbyPatch, error) { return l, nil, err }}
}

// Join adds users whose memberships are reserved; see [Lobby.Join]. Error: ErrNotPrepared.
func Join(cmd JoinCommand) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		if l.isMemberWithParty(cmd) || len(l.unreserved(cmd)) == 0 {
			return l.Join(cmd, now)
		}
		if _, err := l.admitParty(cmd, cmd.role(), now); err != nil {
			return l, nil, err
		}
		return l, nil, ErrNotPrepared
	}}
}

// Tick applies the deadlines that have passed; see [Lobby.Tick]. Error: ErrNotPrepared.
func Tick(cmd TickCommand) Transition {
	return Transition{func(l Lobby, _ time.Time) (Lobby, []wire.LobbyPatch, error) {
		if cmd.LastMessage != nil {
			l = l.WithActivity(*cmd.LastMessage)
		} else if l.NeedsLastMessage(cmd.Now) {
			return l, nil, ErrNotPrepared
		}
		return l.Tick(cmd.Random, cmd.Now)
	}}
}

// RegenerateCode replaces the join code by a claimed code; see [Lobby.RegenerateCode].
// Error: ErrNotPrepared without a code.
func RegenerateCode(host, code string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		if err := l.CheckNewCode(host, now); err != nil {
			return l, nil, err
		}
		if code == "" {
			return l, nil, ErrNotPrepared
		}
		return l.RegenerateCode(host, code, now)
	}}
}

// Announce changes nothing but the version, for an event of a back end; the lobby must be open.
func Announce() Transition {
	return Transition{func(l Lobby, _ time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.WithPublishedPolicy(), nil, l.CheckOpen()
	}}
}

// SendInvite invites a user until a time from now; see [Lobby.Invite].
func SendInvite(from Actor, userID, nonce string, now time.Time) Transition {
	return Transition{func(l Lobby, _ time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.Invite(from, userID, nonce, now)
	}}
}

// RequestJoin asks the host to admit a user; see [Lobby.RequestJoin].
func RequestJoin(user Actor, code, message string, now time.Time) Transition {
	return Transition{func(l Lobby, _ time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.RequestJoin(user, code, message, now)
	}}
}
