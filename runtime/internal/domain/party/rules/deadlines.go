package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// disconnectGrace is how long a member who has no connection stays in.
	DisconnectGrace = 2 * time.Minute
	// maxTimeouts is how many members one Tick takes out, so that its patches fit into
	// one commit. The rest are due again at once.
	maxTimeouts = 6
	// retellAfter is how long after a departure what follows from it is done once
	// more, in case the first time failed.
	RetryAfter = 5 * time.Second
)

// Tick does what is due by now: members whose grace is over go, and invites that
// nobody answered lapse.
func (p Party) Tick(now time.Time) (Party, []wire.PartyPatch, error) {
	if p.Closed() {
		return p, nil, nil
	}
	e := p.edit(now)
	for _, id := range p.overdue(now) {
		e.removeMember(id, wire.CauseMemberTimedOut, id, ReasonTimedOut, "")
	}
	if !e.Closed() && e.dropExpired() {
		e.patch(wire.CauseInviteExpired, "", "")
	}
	return e.done()
}

// overdue are the members who were gone for longer than the grace, those who went
// first first, but the leader last: who follows it is chosen among those who stay.
func (p Party) overdue(now time.Time) []string {
	oldest := now.Add(-DisconnectGrace)
	ids := slices.DeleteFunc(p.Users(), func(id string) bool { return !p.Members[id].AwaySince(oldest) })
	last := func(id string) int {
		if id == p.LeaderID {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(last(a)-last(b), cmp.Compare(p.Members[a].DisconnectedAt, p.Members[b].DisconnectedAt))
	})
	return ids[:min(len(ids), maxTimeouts)]
}

// NextLook is when the party wants to be looked at after now: for Tick, or to tell
// again of departures. False when never. It is in the past when Tick has work left.
func (p Party) NextDeadline(now time.Time) (time.Time, bool) {
	var next time.Time
	earlier := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if !p.Closed() {
		for _, m := range p.Members {
			if !m.Connected() {
				earlier(time.UnixMilli(m.DisconnectedAt).Add(DisconnectGrace))
			}
		}
		for _, invite := range p.Invites {
			earlier(time.UnixMilli(invite.ExpiresAt))
		}
	}
	for _, d := range p.Departed {
		if retell := time.UnixMilli(d.At).Add(RetryAfter); retell.After(now) {
			earlier(retell)
		}
	}
	return next, !next.IsZero()
}
