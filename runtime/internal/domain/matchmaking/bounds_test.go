package matchmaking

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// A player has at most maxEntries tickets over all queues; refused tickets do not count.
func TestTicketsOfAPlayerAreBounded(t *testing.T) {
	var queues []Queue
	for i := range maxEntries + 1 {
		q := duel()
		q.Name = fmt.Sprint("queue-", i)
		queues = append(queues, q)
	}
	w := newWorld(t, queues...)
	var last string
	enqueue := func(queue string) error {
		made, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: queue})
		if err == nil {
			last = made.Data.(wire.MMTicketState).Ticket.ID
		}
		return err
	}
	for i, q := range queues[:maxEntries] {
		if err := enqueue(q.Name); err != nil {
			t.Fatal(err)
		}
		if i == maxEntries-1 {
			break // every further request is refused
		}
		wantRefusal(t, enqueue(q.Name), wire.Already(wire.CodeAlreadyQueued, wire.ReasonTicketLimit, "", last))
	}
	var named *wire.Error
	if err := enqueue(queues[maxEntries].Name); !errors.As(err, &named) || named.Code != wire.CodeResourceExhausted ||
		named.Reason != wire.ReasonTicketLimit || len(named.Current.IDs()) != maxEntries {
		t.Errorf("refusal beyond the bound: %+v", named)
	}
	listed, err := w.memory.List(t.Context(), setOf("ann"))
	if err != nil || len(listed) != maxEntries {
		t.Errorf("%d tickets in the user's set, %v", len(listed), err)
	}
	if n := len(w.status("ann").Tickets); n != maxEntries {
		t.Errorf("ann has %d tickets", n)
	}
}

func TestTextsAndSetsAreBounded(t *testing.T) {
	many := make([]any, maxSet+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		a    Attribute
		fits any
		over any
	}{
		{Attribute{Name: "mode", Type: Text}, strings.Repeat("x", maxText), strings.Repeat("x", maxText+1)},
		{Attribute{Name: "maps", Type: StringSet}, slices.Clone(many[:maxSet]), many},
		{Attribute{Name: "maps", Type: StringSet}, []any{strings.Repeat("x", maxText)}, []any{strings.Repeat("x", maxText+1)}},
	} {
		if _, fault := c.a.parse(c.fits); fault != "" {
			t.Errorf("%s: value at the bound is refused: %s", c.a.Name, fault)
		}
		if _, fault := c.a.parse(c.over); fault == "" {
			t.Errorf("%s: value beyond the bound is accepted", c.a.Name)
		}
	}
}
