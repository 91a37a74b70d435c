package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// SwapTTL is how long a swap offer is open. A member has at most one open offer.
const SwapTTL = time.Minute

// Why a member was updated, as the cause of the patch says it.
const (
	swapAsked     = "swap_asked"
	swapWithdrawn = "swap_withdrawn"
	swapped       = "swapped"
	swapLapsed    = "swap_lapsed"
)

// swap offers a member's place to another for its place. It is done at once when the other has
// offered the same, or when the host asks for it. The two exchange team and slot, and a player
// and a spectator their roles as well.
func (l Lobby) swap(actor, id, with string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if with == "" {
		return l.withdrawSwap(actor, id, now)
	}
	if err := l.checkSwap(id, with); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	m, other := l.Members[id], l.Members[with]
	if actor == l.HostID || other.SwapWith == id && other.SwapUntil > ms(now) {
		e.exchange(id, with)
		e.by(wire.CauseMemberUpdated, actor, swapped)
		return e.done()
	}
	m.SwapWith, m.SwapUntil = with, ms(now.Add(SwapTTL))
	e.Members[id] = m
	e.by(wire.CauseMemberUpdated, actor, swapAsked)
	return e.done()
}

func (l Lobby) withdrawSwap(actor, id string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if l.Members[id].SwapWith == "" {
		return l, nil, nil
	}
	e := l.edit(now)
	e.dropSwaps(func(other string, _ Member) bool { return other == id })
	e.by(wire.CauseMemberUpdated, actor, swapWithdrawn)
	return e.done()
}

// checkSwap returns why two members may not swap their places.
func (l Lobby) checkSwap(id, with string) error {
	const field = "swapWith"
	m, other := l.Members[id], l.Members[with]
	switch {
	case id == with:
		return wire.Invalid(field, "a member cannot change places with itself")
	case !l.Has(with):
		return &wire.Error{Code: wire.CodeNotFound, Field: field, Message: "there is no such member"}
	case !m.Player() && !other.Player():
		return wire.Invalid(field, "spectators have no places to change")
	case m.Player() && other.Player():
		if m.Team == "" {
			m = other
			other = l.Members[id]
		}
		return l.checkTeamFixed(m.Team, other.Team, field)
	case !l.Policy.Join.ChangeRole:
		return rolesStay(field)
	case m.Role == wire.RoleHost || other.Role == wire.RoleHost:
		return hostPlays(field)
	case !l.allowsLate(wire.RoleMember):
		return l.checkNotStarted()
	}
	return nil
}

// exchange gives two members each other's place.
func (e *edit) exchange(a, b string) {
	e.withdrawSwaps(a)
	e.withdrawSwaps(b)
	one, other := e.Members[a], e.Members[b]
	if one.Player() != other.Player() {
		one.Role, other.Role = other.Role, one.Role
		e.dropVotes(a)
		e.dropVotes(b)
	}
	one.Team, other.Team = other.Team, one.Team
	one.Slot, other.Slot = other.Slot, one.Slot
	one.Ready, other.Ready = false, false
	e.Members[a], e.Members[b] = one, other
	e.clearReady()
}

// withdrawSwaps withdraws the offers from and to a member whose place changes.
func (e *edit) withdrawSwaps(id string) {
	e.dropSwaps(func(other string, m Member) bool { return other == id || m.SwapWith == id })
}

// expireSwaps takes back the offers that have lapsed; true when there were some.
func (e *edit) expireSwaps() bool {
	return e.dropSwaps(func(_ string, m Member) bool { return m.SwapUntil <= ms(e.now) })
}

// dropSwaps withdraws the offers of the matching members, and reports whether there were any.
func (e *edit) dropSwaps(match func(id string, m Member) bool) bool {
	some := false
	for id, m := range e.Members {
		if m.SwapWith != "" && match(id, m) {
			m.SwapWith, m.SwapUntil = "", 0
			e.Members[id] = m
			some = true
		}
	}
	return some
}
