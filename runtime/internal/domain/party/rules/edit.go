package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/jsonpatch"
	"github.com/anteroom/anteroom/runtime/wire"
)

// edit is a party while a command changes it: its maps are its own. Maps and slices
// within members are shared and have to be replaced, not changed.
type edit struct {
	Party
	now    time.Time
	before Party
	// lastView is the view to which the patches so far lead; nil before the first patch.
	lastView *wire.Party
	patches  []wire.PartyPatch
	err      error
	// leaving is the session by which a user leaves; "" for none.
	leaving string
}

func (p Party) edit(now time.Time) *edit {
	e := &edit{Party: p, before: p, now: now}
	e.Members, e.Invites, e.Banned = maps.Clone(p.Members), maps.Clone(p.Invites), maps.Clone(p.Banned)
	if e.Invites == nil {
		e.Invites = map[string]Invite{}
	}
	oldest := ms(now.Add(-DepartureMemory))
	e.Departed = slices.DeleteFunc(slices.Clone(p.Departed), func(d Departure) bool { return d.At < oldest })
	return e
}

// patch ends one change: the next version, with the operations that lead there.
func (e *edit) patch(cause wire.CauseType, actor, reason string) {
	if e.lastView == nil {
		view := e.before.View()
		e.lastView = &view
	}
	e.Version++
	e.Committed = e.Epoch
	view := e.View()
	ops, err := jsonpatch.Diff(*e.lastView, view)
	if err != nil {
		e.err = err
	}
	e.patches = append(e.patches, wire.PartyPatch{
		PartyID: e.ID, From: e.lastView.Version, To: view.Version, Ops: ops,
		Cause: wire.Cause{Type: cause, ActorID: actor, Reason: reason},
	})
	e.lastView = &view
}

func (e *edit) done() (Party, []wire.PartyPatch, error) { return e.Party, e.patches, e.err }

// removeMember removes a member and records the departure. Before the leader leaves, another
// member becomes the leader in a separate patch, so that every version has a leader. The
// departure of the last member closes the party.
func (e *edit) removeMember(userID string, cause wire.CauseType, actor, reason, message string) {
	if userID == e.LeaderID && len(e.Members) > 1 {
		e.LeaderID = e.successor()
		e.patch(wire.CauseLeaderSuccession, userID, reason)
	}
	m := e.Members[userID]
	delete(e.Members, userID)
	e.clearAllReady()
	e.Departed = append(e.Departed, Departure{
		UserID: userID, Reason: reason, MembershipID: m.MembershipID, Message: message,
		Silent:  reason == ReasonLeft && m.Only(e.leaving),
		Version: e.Version + 1, At: ms(e.now),
	})
	if over := len(e.Departed) - MaxDepartures; over > 0 {
		e.Departed = e.Departed[over:]
	}
	if len(e.Members) == 0 {
		e.LeaderID, e.ClosedAt = "", ms(e.now)
		clear(e.Invites)
	}
	e.patch(cause, actor, message)
}
