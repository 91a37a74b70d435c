package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxTimeouts is how many members one Tick takes out, so that its patches fit
// into one commit. The rest are due again at once.
const maxTimeouts = 8

// Tick applies all deadlines that have passed. It publishes an adopted policy, removes members
// after their grace, moves the host's role, ends codes, votes and swap offers, begins the match
// after the countdown, and closes an empty, idle or expired lobby. random selects the next host
// where the policy says so.
func (l Lobby) Tick(random uint64, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if l.Closed() {
		return l, nil, nil
	}
	e := l.edit(now)
	if l.publishedPolicy != nil {
		e.patch(wire.CausePolicyChanged, "", "")
	}
	for _, id := range l.overdue(now) {
		if !e.Closed() {
			e.removeMember(id, wire.CauseMemberTimedOut, ReasonTimedOut, random)
		}
	}
	if !e.Closed() {
		e.migrateHost(random)
		e.expireCode()
		if e.expireVotes() {
			e.patch(wire.CauseUpdated, "", "vote_lapsed")
		}
		if e.expireSwaps() {
			e.patch(wire.CauseMemberUpdated, "", swapLapsed)
		}
		e.finishCountdown()
		e.closeExpired()
	}
	return e.done()
}

// TickCommand applies the deadlines that have passed at a time.
type TickCommand struct {
	Now time.Time
	// Random chooses the next host where the policy wants a random one.
	Random uint64
	// LastMessage is the time of the last chat message, the zero time for none; nil when it was
	// not read. It is needed only where NeedsLastMessage says so.
	LastMessage *time.Time
}

// NeedsLastMessage reports whether the lobby closes as idle unless its chat was active.
func (l Lobby) NeedsLastMessage(now time.Time) bool {
	idle := l.Policy.Lifecycle.IdleTimeout
	return !l.Closed() && idle > 0 && !time.UnixMilli(l.ActiveAt).Add(idle).After(now)
}

// overdue returns the members whose grace has ended, at most maxTimeouts, in the order of their
// disconnection. The host is last, because the next host is chosen from the remaining members.
func (l Lobby) overdue(now time.Time) []string {
	grace := l.Policy.Lifecycle.DisconnectGrace
	ids := l.bySeniority(func(m Member) bool { return !m.Connected() && m.LeavesAt(grace) <= ms(now) })
	last := func(id string) int {
		if id == l.HostID {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(last(a)-last(b), cmp.Compare(l.Members[a].DisconnectedAt, l.Members[b].DisconnectedAt))
	})
	return ids[:min(len(ids), maxTimeouts)]
}

func (e *edit) migrateHost(random uint64) {
	if at, ok := e.hostGraceEnds(); ok && !at.After(e.now) {
		was := e.HostID
		e.makeHost(e.successor(random))
		e.patch(wire.CauseHostMigrated, was, hostDisconnected)
	}
}

func (e *edit) expireCode() {
	if e.CodeUntil != 0 && e.CodeUntil <= ms(e.now) {
		e.Code, e.CodeUntil = "", 0
		e.patch(wire.CauseUpdated, "", "code_expired")
	}
}

// finishCountdown begins the match at the end of the countdown, if the conditions of a start
// are met.
func (e *edit) finishCountdown() {
	e.applyReadyPolicy()
	if e.Status == wire.LobbyStarting && e.StartsAt <= ms(e.now) {
		e.beginMatch()
	}
}

func (e *edit) closeExpired() {
	for _, end := range e.timeouts() {
		if !end.at.After(e.now) {
			e.close("", end.reason)
			return
		}
	}
}

// timeout is a time at which a lobby closes unless something happens before.
type timeout struct {
	at     time.Time
	reason string
}

func (l Lobby) timeouts() []timeout {
	var ends []timeout
	life := l.Policy.Lifecycle
	if l.ExpiresAt != 0 {
		ends = append(ends, timeout{time.UnixMilli(l.ExpiresAt), closedExpired})
	}
	if l.EmptySince != 0 {
		ends = append(ends, timeout{time.UnixMilli(l.EmptySince).Add(life.EmptyTimeout), closedEmpty})
	}
	if life.IdleTimeout > 0 && l.Status != wire.LobbyInMatch {
		ends = append(ends, timeout{time.UnixMilli(l.ActiveAt).Add(life.IdleTimeout), closedIdle})
	}
	return ends
}

// RetryAfter is the delay after which side effects of a departure or a closing are applied
// again, in case the first attempt failed.
const RetryAfter = 5 * time.Second

// NextDeadline returns the next time for Tick, or for another attempt at the side effects;
// false for none. The time is in the past while Tick has work left.
func (l Lobby) NextDeadline(now time.Time) (time.Time, bool) {
	next, some := l.NextTick()
	again := make([]int64, 0, len(l.Departed)+len(l.Invites)+len(l.Requests)+1)
	for _, m := range l.Members {
		if m.Reserved != nil {
			again = append(again, m.Reserved.At)
		}
	}
	for _, d := range l.Departed {
		again = append(again, d.At)
	}
	for _, i := range l.Invites {
		again = append(again, i.At)
	}
	for _, r := range l.Requests {
		again = append(again, r.At)
	}
	if l.Closed() {
		again = append(again, l.ClosedAt)
	}
	for _, at := range again {
		if retell := time.UnixMilli(at).Add(RetryAfter); retell.After(now) && (!some || retell.Before(next)) {
			next, some = retell, true
		}
	}
	return next, some
}

// NextTick returns the next time for Tick if nothing happens before; false for none. The time
// may be in the past.
func (l Lobby) NextTick() (time.Time, bool) {
	if l.Closed() {
		return time.Time{}, false
	}
	var next time.Time
	earlier := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, m := range l.Members {
		if m.SwapWith != "" {
			earlier(time.UnixMilli(m.SwapUntil))
		}
		if !m.Connected() {
			earlier(time.UnixMilli(m.LeavesAt(l.Policy.Lifecycle.DisconnectGrace)))
		}
	}
	if at, ok := l.hostGraceEnds(); ok {
		earlier(at)
	}
	if l.CodeUntil != 0 {
		earlier(time.UnixMilli(l.CodeUntil))
	}
	for _, v := range l.Votes {
		earlier(time.UnixMilli(v.Until))
	}
	if l.StartsAt != 0 {
		earlier(time.UnixMilli(l.StartsAt))
	}
	for _, end := range l.timeouts() {
		earlier(end.at)
	}
	return next, !next.IsZero()
}

// WithActivity counts a chat message as activity of the lobby.
func (l Lobby) WithActivity(at time.Time) Lobby {
	l.ActiveAt = max(l.ActiveAt, ms(at))
	return l
}
