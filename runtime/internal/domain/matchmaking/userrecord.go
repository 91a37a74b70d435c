package matchmaking

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// userRecord has the tickets of one user in a queue, and the user's cooldown.
type userRecord struct {
	Tickets []string `json:"tickets,omitempty"`
	// CooldownUntil is the time until which the user may not enqueue.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
}

// checkMayEnqueue refuses a user who has the maximum of tickets in the queue, or a cooldown.
func (e userRecord) checkMayEnqueue(q Queue, user, caller string, now time.Time) error {
	who := "you are"
	if user != caller {
		who = "a member of the party is"
	}
	if e.CooldownUntil > ms(now) {
		refusal := wire.Precondition(wire.ReasonCooldown, who+" not allowed to queue here yet")
		refusal.RetryAfterMs = e.CooldownUntil - ms(now)
		return refusal
	}
	if len(e.Tickets) >= q.TicketsPerUser {
		var own []string // the tickets of another user are not the caller's to know
		if user == caller {
			own = e.Tickets
		}
		return wire.Already(wire.CodeAlreadyQueued, wire.ReasonTicketLimit, who+" in this queue already", own...)
	}
	return nil
}

// without returns the record without a ticket.
func (e userRecord) without(ticket string) userRecord {
	var left []string
	for _, id := range e.Tickets {
		if id != ticket {
			left = append(left, id)
		}
	}
	e.Tickets = left
	return e
}

// encode encodes the record; nil for an empty record, which is deleted.
func (e userRecord) encode() ([]byte, error) {
	if len(e.Tickets) == 0 && e.CooldownUntil == 0 {
		return nil, nil
	}
	value, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode the tickets of a user: %w", err)
	}
	return value, nil
}
