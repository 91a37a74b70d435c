package matchmaking

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Ticket is a party or a single player that searches for a match.
type Ticket struct {
	ID    string `json:"id"`
	Queue string `json:"queue"`
	// Queues are all queues of the ticket; nil for Queue alone. Each queue's partition has a
	// copy, whose Queue is that queue. The copy of the first queue decides whether the
	// ticket exists: it is committed last and removed last.
	Queues  []string `json:"queues,omitempty"`
	PartyID string   `json:"partyId,omitempty"`
	// LeaderID is the party's leader, who enqueued it.
	LeaderID string   `json:"leaderId,omitempty"`
	Players  []Player `json:"players"`
	// EnqueuedAt is the queue position: the time since which the ticket waits. ExpiresAt is
	// its expiry.
	EnqueuedAt int64 `json:"enqueuedAt"`
	ExpiresAt  int64 `json:"expiresAt"`
	// Attempt counts the failed proposals.
	Attempt int `json:"attempt,omitempty"`
	// Proposal is the proposal that has the ticket; "" while it searches.
	Proposal string `json:"round,omitempty"`
	Profile
}

// Profile has the values by which a ticket is matched.
type Profile struct {
	Numbers   map[string]float64  `json:"numbers,omitempty"`
	Texts     map[string]string   `json:"texts,omitempty"`
	Sets      map[string][]string `json:"sets,omitempty"`
	Latencies map[string]float64  `json:"latencies,omitempty"`
}

// Player is a user of a ticket.
type Player struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	liveness.Live
}

// newTickets makes the copies of a ticket, one for each queue. All copies have the earliest
// expiry of the queues.
func newTickets(queues []Queue, id, leader string, party []Entrant, req *wire.MMEnqueue, now time.Time) ([]Ticket, error) {
	var names []string
	if len(queues) > 1 {
		for _, q := range queues {
			names = append(names, q.Name)
		}
	}
	if err := checkDeclared(queues, req.Attributes); err != nil {
		return nil, err
	}
	all := make([]Ticket, len(queues))
	expires := int64(math.MaxInt64)
	for i, q := range queues {
		var err error
		if all[i], err = NewTicket(q, id, req.PartyID, party, req.Latencies, now); err != nil {
			return nil, err
		}
		all[i].Queues = names
		if req.PartyID != "" {
			all[i].LeaderID = leader
		}
		expires = min(expires, all[i].ExpiresAt)
	}
	for i := range all {
		all[i].ExpiresAt = expires
	}
	return all, nil
}

// NewTicket makes the ticket of a party. Its number is the mean of its players' numbers,
// its set the intersection of their sets; texts and booleans must be equal.
func NewTicket(q Queue, id, partyID string, party []Entrant, latencies map[string]float64, now time.Time) (Ticket, error) {
	if len(party) > q.maxParty() {
		return Ticket{}, wire.Precondition(wire.ReasonPartyTooLarge, fmt.Sprintf("parties of at most %d may queue here", q.maxParty()))
	}
	t := Ticket{
		ID: id, Queue: q.Name, PartyID: partyID, EnqueuedAt: ms(now), ExpiresAt: ms(now.Add(q.TicketTTL)),
		Profile: Profile{Numbers: map[string]float64{}, Texts: map[string]string{}, Sets: map[string][]string{}},
	}
	for _, e := range party {
		t.Players = append(t.Players, e.Player)
	}
	for _, a := range q.Attributes {
		if err := t.mergeAttribute(a, party); err != nil {
			return Ticket{}, err
		}
	}
	if err := t.setLatencies(q, latencies); err != nil {
		return Ticket{}, err
	}
	return t, t.checkFeasible(q)
}

// ForMatching returns the ticket as input of the matcher.
func (t Ticket) ForMatching() matching.Ticket {
	return matching.Ticket{
		ID: t.ID, Size: len(t.Players), EnqueuedAt: time.UnixMilli(t.EnqueuedAt), Attempt: t.Attempt,
		Numbers: t.Numbers, Texts: t.Texts, Sets: t.Sets, Latencies: t.Latencies,
	}
}

// View returns the ticket as its players see it.
func (t Ticket) View() wire.MMTicket {
	v := wire.MMTicket{
		ID: t.ID, Queue: t.Queue, Queues: t.Queues, State: wire.TicketSearching, PartyID: t.PartyID, Players: t.Users(),
		EnqueuedAt: t.EnqueuedAt, ExpiresAt: t.ExpiresAt, Attempt: t.Attempt,
	}
	if t.Proposal != "" {
		v.State = wire.TicketProposed
	} else {
		v.Queue = t.homeQueue()
	}
	return v
}

// In returns the ticket as its players see it, in a state that its record does not have.
func (t Ticket) In(state wire.TicketState) *wire.MMTicket {
	v := t.View()
	v.State = state
	return &v
}

// homeQueue returns the queue whose copy decides whether the ticket exists.
func (t Ticket) homeQueue() string {
	if len(t.Queues) > 0 {
		return t.Queues[0]
	}
	return t.Queue
}

// otherQueues returns the queues of the other copies.
func (t Ticket) otherQueues() []string {
	return slices.DeleteFunc(slices.Clone(t.Queues), func(q string) bool { return q == t.Queue })
}

// Users returns the ids of the players.
func (t Ticket) Users() []string {
	ids := make([]string, len(t.Players))
	for i, p := range t.Players {
		ids[i] = p.ID
	}
	return ids
}

// Has reports whether a user is one of the players.
func (t Ticket) Has(userID string) bool { return slices.Contains(t.Users(), userID) }

// leader returns the player who enqueued: the party's leader, who need not be its first
// member, or the single player.
func (t Ticket) leader() string { return cmp.Or(t.LeaderID, t.Players[0].ID) }

// endReason returns the reason why a searching ticket must end; "" when it may stay.
func (t Ticket) endReason(q Queue, now time.Time) string {
	switch {
	case t.Queue == t.homeQueue() && t.ExpiresAt <= ms(now):
		return reasonExpired
	case len(t.Players) > q.maxParty():
		return "queue_changed"
	case t.Queue == t.homeQueue() && slices.ContainsFunc(t.Players, func(p Player) bool {
		return p.AwaySince(now.Add(-disconnectGrace))
	}):
		return "disconnected"
	}
	if !t.fits(q) {
		return "queue_changed"
	}
	return ""
}

// requeued returns a ticket that searches again after a failed proposal; false when the policy
// removes it.
func (t Ticket) requeued(how Requeue, now time.Time) (Ticket, bool) {
	t.Proposal = ""
	t.Attempt++
	if how == EndOfQueue {
		t.EnqueuedAt = ms(now)
	}
	return t, how != LeaveQueue
}

// Connect adds a session of a player; false when nothing changes.
func (t Ticket) Connect(userID, session string) (Ticket, bool) {
	return t.updateLive(userID, func(l liveness.Live) (liveness.Live, bool) { return l.Connect(session) })
}

// Disconnect removes a session of a player; false when nothing changes.
func (t Ticket) Disconnect(userID, session string, now time.Time) (Ticket, bool) {
	return t.updateLive(userID, func(l liveness.Live) (liveness.Live, bool) { return l.Disconnect(session, now) })
}

func (t Ticket) updateLive(userID string, change func(liveness.Live) (liveness.Live, bool)) (Ticket, bool) {
	i := slices.IndexFunc(t.Players, func(p Player) bool { return p.ID == userID })
	if i < 0 {
		return t, false
	}
	next, changed := change(t.Players[i].Live)
	t.Players = slices.Clone(t.Players)
	t.Players[i].Live = next
	return t, changed
}

func ticketNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such ticket") }

func ms(t time.Time) int64 { return t.UnixMilli() }

// byHomeQueue groups the tickets whose first copy is in another queue by that queue.
func byHomeQueue(some map[string]storedTicket) map[string][]string {
	homes := map[string][]string{}
	for id, t := range some {
		if t.homeQueue() != t.Queue {
			homes[t.homeQueue()] = append(homes[t.homeQueue()], id)
		}
	}
	return homes
}
