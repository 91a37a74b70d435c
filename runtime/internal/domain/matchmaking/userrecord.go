package matchmaking

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// userRecord are the records of one user in a book.
type userRecord struct {
	Tickets []string `json:"tickets,omitempty"`
	// CooldownUntil is the time until which the user may not enqueue.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
}

// checkMayEnqueue refuses a user who is in as many tickets as it may be, or has to wait.
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

// without takes a ticket from the entries.
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

// change writes what is left of a user's entries.
func (e userRecord) change(user string, was []byte) (records.Change, error) {
	c := records.Change{Table: users, Key: user, Was: was}
	if len(e.Tickets) == 0 && e.CooldownUntil == 0 {
		return c, nil
	}
	var err error
	if c.Value, err = json.Marshal(e); err != nil {
		err = fmt.Errorf("encode the entries of a user: %w", err)
	}
	return c, err
}
