package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// DisconnectGrace is how long a disconnected member stays.
	DisconnectGrace = 2 * time.Minute
	// maxTimeouts is how many members one Tick takes out, so that its patches fit into
	// one commit. The rest are due again at once.
	maxTimeouts = 6
	// RetryAfter is the delay after which the side effects of a departure are applied again, in
	// case the first attempt failed.
	RetryAfter = 5 * time.Second
)

// Tick applies all deadlines that have passed: it removes members after their grace, and
// expired invites.
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

// overdue returns the members whose grace has ended, in the order of their disconnection. The
// leader is last, because the next leader is chosen from the remaining members.
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

// NextDeadline returns the next time for Tick, or for another attempt at the side effects;
// false for none. The time is in the past while Tick has work left.
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
