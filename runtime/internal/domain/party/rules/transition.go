package rules

import (
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Transition computes the next party and its patches from the current party. A service applies a
// transition within a compare-and-set, so only this package, which imports no store and no
// context, makes transitions: a closure of the service could do I/O there.
type Transition struct {
	apply func(p Party, now time.Time) (Party, []wire.PartyPatch, error)
}

// ErrNotPrepared is the error of a transition that needs a preparation, such as a reserved
// membership. The caller decides again on the current party, prepares, and commits again.
var ErrNotPrepared = errors.New("the party changed, and its change is not prepared")

// Apply returns the next party with one patch for each event. Without patches nothing changes.
func (t Transition) Apply(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
	return t.apply(p, now)
}

// Refuse returns an error instead of a change. A service commits it when a preparation failed:
// a repeated request then still gets the answer of the first request.
func Refuse(err error) Transition {
	return Transition{func(p Party, _ time.Time) (Party, []wire.PartyPatch, error) { return p, nil, err }}
}

// Join adds a user whose membership is reserved; see [Party.Join]. Error: ErrNotPrepared.
func Join(cmd JoinCommand) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		needed, err := p.NeedsMembership(cmd, now)
		if err != nil {
			return p, nil, err
		}
		if needed {
			return p, nil, ErrNotPrepared
		}
		return p.Join(cmd, now)
	}}
}

// RegenerateCode replaces the code by a claimed code; see [Party.RegenerateCode].
// Error: ErrNotPrepared without a code.
func RegenerateCode(leader, code string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		if err := p.CheckNewCode(leader, now); err != nil {
			return p, nil, err
		}
		if code == "" {
			return p, nil, ErrNotPrepared
		}
		return p.RegenerateCode(leader, code, now)
	}}
}

// Attach connects a session of a member; see [Party.Reconnect]. It refuses other users.
func Attach(userID, session string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		if _, err := p.ActiveMember(userID); err != nil {
			return p, nil, err
		}
		return p.Reconnect(userID, session, now)
	}}
}

// SendInvite invites a user until a time from now; see [Party.Invite].
func SendInvite(from Actor, userID, nonce string, now time.Time) Transition {
	return Transition{func(p Party, _ time.Time) (Party, []wire.PartyPatch, error) {
		return p.Invite(from, userID, nonce, now)
	}}
}

// Tick applies the deadlines that have passed at a time; see [Party.Tick].
func Tick(now time.Time) Transition {
	return Transition{func(p Party, _ time.Time) (Party, []wire.PartyPatch, error) { return p.Tick(now) }}
}
