package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// EndCommand ends the lobby's match, for the host.
type EndCommand struct {
	Host string
	// MatchID, when not "", is the match that the host means.
	MatchID string
	// Result is kept with the lobby until its next match ends: at most 16 keys and 2 KiB of
	// strings, numbers and booleans.
	Result wire.Attributes
	// Reason is published with the end.
	Reason string
}

// End ends the running match, where the policy permits that to the host. The lobby returns to
// its status before the start, with its members, and nobody is ready.
func (l Lobby) End(cmd EndCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(cmd.Host); err != nil {
		return l, nil, err
	}
	switch {
	case !l.Policy.Host.EndMatch:
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "the policy does not let the host end a match")
	case l.Status == wire.LobbyStarting:
		return l, nil, wire.Precondition(wire.ReasonLobbyStarting, "the lobby is starting: cancel the start instead")
	case l.Match == nil:
		return l, nil, wire.Precondition(wire.ReasonNotInMatch, "the lobby is in no match")
	case cmd.MatchID != "" && cmd.MatchID != l.Match.ID:
		return l, nil, wire.Precondition(wire.ReasonNotInMatch, "the lobby is in another match").At("matchId")
	}
	result, err := checkReported(cmd.Result, "result")
	if err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	e.ActiveAt = ms(now)
	e.endMatch(cmd.Host, cmd.Reason, result)
	return e.done()
}

// endMatch ends the match and stores its result.
func (e *edit) endMatch(actor, reason string, result wire.Attributes) {
	if len(result) == 0 {
		result = nil
	}
	e.LastMatch = &wire.MatchEnd{
		ID: e.Match.ID, StartedAt: e.Match.StartedAt, EndedAt: ms(e.now), EndedBy: actor, Result: result,
	}
	e.reopen()
	e.clearAllReady()
	e.patch(wire.CauseMatchEnded, actor, reason)
}
