package matchmaking

import (
	"time"
)

// sideEffects is the remaining work after a proposal: the copies of its tickets in other queues
// and, after a match, the other tickets of its players.
type sideEffects struct {
	// At is the time of the end; Assigned says that the players were matched.
	At       int64 `json:"at"`
	Assigned bool  `json:"assigned,omitempty"`
	// Tickets are the proposal's tickets that are in several queues.
	Tickets []endedTicket `json:"tickets,omitempty"`
}

// endedTicket is a ticket in several queues after a proposal.
type endedTicket struct {
	ID     string   `json:"id"`
	Queues []string `json:"queues"`
	// Gone says that the ticket has ended; otherwise its copies get the attempt and the
	// position.
	Gone       bool  `json:"gone,omitempty"`
	Attempt    int   `json:"attempt,omitempty"`
	EnqueuedAt int64 `json:"enqueuedAt,omitempty"`
}

// add adds a ticket in several queues to the remaining work after a proposal.
func (e *sideEffects) add(t Ticket, gone bool) {
	if len(t.Queues) > 1 {
		e.Tickets = append(e.Tickets, endedTicket{
			ID: t.ID, Queues: t.Queues, Gone: gone, Attempt: t.Attempt, EnqueuedAt: t.EnqueuedAt,
		})
	}
}

// withSideEffects returns the proposal's record after its end.
func (p Proposal) withSideEffects(e sideEffects) Proposal {
	p.Ended, p.InHandoff = &e, true
	p.Profiles, p.Accepted, p.Attempts = nil, nil, nil
	return p
}

// afterMatch returns the proposal's record after its players were matched.
func (p Proposal) afterMatch(stored map[string]storedTicket, now time.Time) Proposal {
	e := sideEffects{At: ms(now), Assigned: true}
	for _, id := range p.ticketIDs() {
		if t, exists := stored[id]; exists {
			e.add(t.Ticket, true)
		}
	}
	return p.withSideEffects(e)
}
