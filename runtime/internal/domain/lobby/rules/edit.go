package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// edit is a lobby while a command changes it: its maps are its own. Maps and
// slices within members are shared and have to be replaced, not changed.
type edit struct {
	Lobby
	before Lobby
	now    time.Time
	// lastView is the view to which the patches so far lead; nil before the first patch. The
	// view of a large lobby is expensive, and a command that is refused needs none.
	lastView *wire.Lobby
	patches  []wire.LobbyPatch
	// leaving is the session by which a user leaves; "" for none.
	leaving string
}

func (l Lobby) edit(now time.Time) *edit {
	e := &edit{Lobby: l, before: l, now: now}
	e.publishedPolicy = nil
	e.Members = maps.Clone(l.Members)
	e.Banned = maps.Clone(l.Banned)
	e.Invites, e.Requests, e.Votes = maps.Clone(l.Invites), maps.Clone(l.Requests), maps.Clone(l.Votes)
	e.dropExpired()
	oldest := ms(now.Add(-DepartureMemory))
	e.Departed = slices.DeleteFunc(slices.Clone(l.Departed), func(d Departure) bool { return d.At < oldest })
	return e
}

// patch ends one change: the next version, with the operations that lead there
// from the last.
func (e *edit) patch(cause wire.CauseType, actor, reason string) {
	if e.lastView == nil {
		view := e.before.View()
		e.lastView = &view
	}
	e.Version++
	e.Committed = e.Epoch
	view := e.View()
	e.patches = append(e.patches, wire.LobbyPatch{
		LobbyID: e.ID, From: e.lastView.Version, To: view.Version,
		Ops:   diff(*e.lastView, view),
		Cause: wire.Cause{Type: cause, ActorID: actor, Reason: reason},
	})
	e.lastView = &view
}

// by is patch for an action of a user, which counts as activity.
func (e *edit) by(cause wire.CauseType, actor, reason string) {
	e.ActiveAt = max(e.ActiveAt, ms(e.now))
	e.patch(cause, actor, reason)
}

// done applies the ready policy and ends a command. Without a patch, the lobby is unchanged.
func (e *edit) done() (Lobby, []wire.LobbyPatch, error) {
	e.applyReadyPolicy()
	if len(e.patches) == 0 {
		return e.before, nil, nil
	}
	return e.Lobby, e.patches, nil
}

// recordDeparture removes a member and records the departure with its reason.
func (e *edit) recordDeparture(userID, reason, by, message string) {
	m := e.Members[userID]
	delete(e.Members, userID)
	e.Departed = append(e.Departed, Departure{
		UserID: userID, Reason: reason, MembershipID: m.MembershipID, By: by, Message: message,
		Silent:  reason == ReasonLeft && m.Only(e.leaving),
		Version: e.Version + 1, At: ms(e.now),
	})
	if over := len(e.Departed) - MaxDepartures; over > 0 {
		e.Departed = e.Departed[over:]
	}
	e.dropVotes(userID)
	e.withdrawSwaps(userID)
	if !m.Player() {
		return
	}
	e.clearReady()
	if e.Players() == 0 {
		e.HostID, e.EmptySince = "", ms(e.now)
	}
}

// clearReady takes everyone's ready flag back where the policy wants it on changes.
func (e *edit) clearReady() {
	if e.Policy.Ready.ClearOnChange {
		e.clearAllReady()
	}
}

// clearAllReady clears the ready flags of all members.
func (e *edit) clearAllReady() {
	for id, m := range e.Members {
		if m.Ready {
			m.Ready = false
			e.Members[id] = m
		}
	}
}
