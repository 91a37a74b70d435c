package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Why a start was taken back, as the cause of the patch says it.
const (
	cancelledByHost = "cancelled"
	cancelledUnmet  = "not_ready"
)

// Start begins the countdown to the match, for the host.
func (l Lobby) Start(host string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host); err != nil {
		return l, nil, err
	}
	if err := l.checkNotStarted(); err != nil {
		return l, nil, err
	}
	if missing := l.startBlocker(l.Policy.Ready.Required); missing != nil {
		return l, nil, missing
	}
	e := l.edit(now)
	e.ActiveAt = ms(now)
	e.start(host)
	return e.done()
}

// checkNotStarted refuses a lobby that is starting or in a match.
func (l Lobby) checkNotStarted() error {
	switch l.Status {
	case wire.LobbyStarting:
		return wire.Precondition(wire.ReasonLobbyStarting, "the lobby is starting")
	case wire.LobbyInMatch:
		return wire.Precondition(wire.ReasonLobbyStarted, "the match has started")
	}
	return nil
}

// startBlocker returns the unmet condition of a start; nil for none.
func (l Lobby) startBlocker(ready bool) *wire.Error {
	players := l.Players()
	if least := max(l.Policy.Size.Min, 1); players < least {
		return wire.Precondition(wire.ReasonNotReady, fmt.Sprintf("a match needs %d players", least))
	}
	if missing := l.teamsIncomplete(); missing != nil || !ready {
		return missing
	}
	are := l.count(func(m Member) bool { return m.Player() && m.Ready })
	if are*100 < l.Policy.Ready.percent()*players {
		return wire.Precondition(wire.ReasonNotReady,
			fmt.Sprintf("%d of %d players are ready, and %d%% have to be", are, players, l.Policy.Ready.percent()))
	}
	return nil
}

// start begins the countdown; without one the match is on at once.
func (e *edit) start(host string) {
	e.Relock = e.Status == wire.LobbyLocked
	e.Status, e.StartedBy = wire.LobbyStarting, host
	e.StartsAt = ms(e.now.Add(e.Policy.Ready.Countdown))
	e.patch(wire.CauseStarting, host, "")
	if e.Policy.Ready.Countdown <= 0 {
		e.beginMatch()
		return
	}
	e.patch(wire.CauseStarting, host, "")
	e.patches[len(e.patches)-1].StartsAt = e.StartsAt
}

// beginMatch ends the countdown. The current players are the players of the match.
func (e *edit) beginMatch() {
	m := &wire.Match{
		ID: matchID(e.ID, e.Version+1), LobbyID: e.ID, StartedAt: ms(e.now), Players: map[string]wire.MatchPlayer{},
	}
	for id, p := range e.Members {
		if p.Player() {
			m.Players[id] = wire.MatchPlayer{Team: p.Team, Slot: p.Slot}
		}
	}
	e.Status, e.StartsAt, e.Match = wire.LobbyInMatch, 0, m
	e.dropSwaps(func(string, Member) bool { return true })
	e.patch(wire.CauseMatchStarted, e.StartedBy, "")
	e.publishMatch(wire.CauseMatchStarted)
}

// publishMatch publishes lobby:handoff after the patch of the match.
func (e *edit) publishMatch(cause wire.CauseType) {
	e.patch(cause, "", "")
	e.patches[len(e.patches)-1].Match = e.Match
}

// matchID names the match that a lobby began at a version; it leads to its lobby.
func matchID(lobbyID string, version uint64) string { return fmt.Sprintf("%s.%d", lobbyID, version) }

// OfMatch is the lobby whose match it is; "" when it cannot be one's.
func OfMatch(matchID string) string {
	id, _, found := strings.Cut(matchID, ".")
	if !found {
		return ""
	}
	return id
}

// CancelStart takes a start back, for the host. Where lobbies start by
// themselves, everyone's ready flag is taken back too, or it would start again.
func (l Lobby) CancelStart(host string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host); err != nil {
		return l, nil, err
	}
	if l.Status != wire.LobbyStarting {
		return l, nil, wire.Precondition(wire.ReasonNotStarting, "the lobby is not starting")
	}
	e := l.edit(now)
	e.ActiveAt = ms(now)
	if l.Policy.Ready.AutoStart {
		e.clearAllReady()
	}
	e.cancelStart(host, cancelledByHost)
	return e.done()
}

func (e *edit) cancelStart(actor, reason string) {
	e.reopen()
	e.patch(wire.CauseStartCancelled, actor, reason)
}

// reopen is the lobby as it was before it was started.
func (e *edit) reopen() {
	e.Status, e.StartsAt, e.StartedBy, e.Match = wire.LobbyOpen, 0, "", nil
	if e.Relock {
		e.Status, e.Relock = wire.LobbyLocked, false
	}
}

// applyReadyPolicy starts a lobby with an automatic start, and cancels a start whose conditions
// are no longer met.
func (e *edit) applyReadyPolicy() {
	switch ready := e.Policy.Ready; e.Status {
	case wire.LobbyStarting:
		if e.startBlocker(ready.Required || e.StartedBy == "") != nil {
			e.cancelStart("", cancelledUnmet)
		}
	case wire.LobbyOpen, wire.LobbyLocked:
		if ready.AutoStart && e.startBlocker(true) == nil {
			e.start("")
		}
	}
}

// Report is a back end's report of a lobby's match.
type Report struct {
	MatchID string
	// Connection, when not nil, is the address of the match: at most 16 keys and 2 KiB of
	// strings, numbers and booleans. Members receive the address with another lobby:handoff.
	Connection wire.Attributes
	// Ended says that the match is over: the lobby is as before its start, and nobody
	// is ready.
	Ended bool
	// Reason is published with the end.
	Reason string
}

// reportLimits bound the connection in a report.
var reportLimits = AttributeLimits{Keys: 16, Bytes: 2048}

// Report stores a back end's report of the match.
func (l Lobby) Report(r Report, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if l.Match == nil || l.Match.ID != r.MatchID {
		return l, nil, wire.Refuse(wire.CodeNotFound, "there is no such match")
	}
	e := l.edit(now)
	e.ActiveAt = ms(now)
	if r.Connection != nil {
		if err := e.setConnection(r.Connection); err != nil {
			return l, nil, err
		}
	}
	if r.Ended {
		e.endMatch("", r.Reason, nil)
	}
	return e.done()
}

func (e *edit) setConnection(connection wire.Attributes) error {
	m := *e.Match
	var err error
	if m.Connection, err = checkReported(connection, "connection"); err != nil {
		return err
	}
	e.Match = &m
	e.patch(wire.CauseMatchReported, "", "")
	e.publishMatch(wire.CauseMatchReported)
	return nil
}

// checkReported checks the values of a field of a report.
func checkReported(values wire.Attributes, field string) (wire.Attributes, error) {
	plain := make(wire.Attributes, len(values))
	for key, value := range values {
		one, ok := scalar(value)
		if !ok {
			return nil, wire.Invalid(field+"."+key, "must be a string, a finite number or a boolean")
		}
		plain[key] = one
	}
	return plain, reportLimits.check(plain, field)
}

// Close ends the lobby, for the host.
func (l Lobby) Close(host string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	e.close(host, closedByHost)
	return e.done()
}

// CloseByServer closes the lobby for a back end. A closed lobby does not change.
func (l Lobby) CloseByServer(reason string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if l.Closed() {
		return l, nil, nil
	}
	e := l.edit(now)
	e.close("", reason)
	return e.done()
}
