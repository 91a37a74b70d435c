package matchmaking

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// letter is an outbox message: a push to some users, with its follow-up work.
type letter struct {
	Users []string        `json:"users"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
	// Ticket is the state of the users' ticket after the push; nil when it does not change.
	Ticket *wire.MMTicket `json:"ticket,omitempty"`
	// About is the ticket of the message, and Order the message's place among those of that
	// ticket; "" and 0 in messages of servers without this field.
	About string `json:"about,omitempty"`
	Order uint64 `json:"order,omitempty"`
	// Left is the ticket that ends with this message; "" when it stays. Home is the queue
	// of the ticket's entries; "" for the message's own queue.
	Left string `json:"left,omitempty"`
	Home string `json:"home,omitempty"`
}

// leftBehind is the age at which the matcher delivers a message, because its pod must have
// died. known is how long a delivery is remembered, so that it is not repeated.
const (
	leftBehind = 5 * time.Second
	// mostLeft bounds the messages that the matcher delivers in one interval.
	mostLeft = 1000
	known    = 10 * time.Minute
)

// The order of a ticket's messages: by attempt; within an attempt by the number of accepted
// players; the end of the ticket last. A user stream refuses older messages of a ticket,
// which a stopped server or a dead matcher left in the outbox.
const (
	attemptShift = 20
	orderEnd     = uint64(1) << 52
)

// orderSearching is the order of the message that a ticket searches in this attempt.
func orderSearching(attempt int) uint64 {
	return max(min(uint64(attempt), orderEnd>>attemptShift-1)<<attemptShift, 1) //nolint:gosec // never negative
}

// orderProposed is the order of a proposal's message with the number of accepted players.
func orderProposed(attempt, accepted int) uint64 {
	return orderSearching(attempt) + 1 + uint64(accepted) //nolint:gosec // never negative
}

// posted is a letter with its id in the outbox.
type posted struct {
	id string
	letter
	// matched is the payload of an mm:matched letter.
	matched *wire.MMMatched
}

// post adds a letter with a payload to a step.
func (s *Service) post(step *records.Step, l letter, payload any) (posted, error) {
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return posted{}, fmt.Errorf("make the id of a letter: %w", err)
	}
	if l.Data, err = json.Marshal(payload); err != nil {
		return posted{}, fmt.Errorf("encode %s: %w", l.Event, err)
	}
	value, err := json.Marshal(l)
	if err != nil {
		return posted{}, fmt.Errorf("encode a letter: %w", err)
	}
	step.Changes = append(step.Changes, records.Change{Table: outbox, Key: id.String(), Value: value})
	p := posted{id: id.String(), letter: l}
	if matched, is := payload.(wire.MMMatched); is {
		p.matched = &matched
	}
	return p, nil
}

// fetched decodes a letter from the outbox.
func fetched(r records.Record) (posted, error) {
	p := posted{id: r.Key}
	if err := decode(r.Value, &p.letter); err != nil || p.Event != wire.EventMMMatched {
		return p, err
	}
	return p, decode(p.Data, &p.matched)
}

// deliver sends the letters of a step. The matcher later sends the letters that fail now.
func (s *Service) deliver(ctx context.Context, queue string, letters []posted, also ...records.Change) {
	if err := s.send(ctx, queue, letters, also...); err != nil {
		s.Log.WarnContext(ctx, "push to players not delivered; the matcher will retry", "queue", queue, "error", err)
	}
}

// send sends letters, several concurrently, and deletes the sent letters in one step with
// also.
func (s *Service) send(ctx context.Context, queue string, letters []posted, also ...records.Change) error {
	told := make([]bool, len(letters))
	failed := each(letters, func(i int, p posted) error {
		err := s.tell(ctx, queue, p)
		told[i] = err == nil
		return err
	})
	step := records.Step{Changes: also}
	for i, p := range letters {
		if told[i] {
			step.Changes = append(step.Changes, records.Change{Table: outbox, Key: p.id, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return failed
	}
	return errors.Join(failed, s.Ledger.Apply(ctx, book(queue), step))
}

// tell commits a letter to its users' streams, once each, and does its follow-up work.
func (s *Service) tell(ctx context.Context, queue string, p posted) error {
	var also []stream.Event
	if p.Ticket != nil {
		event, err := stands(*p.Ticket)
		if err != nil {
			return err
		}
		also = append(also, event)
	}
	m := userstream.Message{
		Cause: userstream.ByServer,
		Event: p.Event, Payload: p.Data, Also: also, Once: &stream.Once{Scope: "mm", Key: p.id, TTL: known},
	}
	if p.About != "" {
		m.Order = &stream.Order{Key: p.About, Value: p.Order, TTL: known}
	}
	for _, user := range p.Users {
		if _, err := s.users.Tell(ctx, user, m); err != nil && !errors.Is(err, stream.ErrOutdated) {
			return fmt.Errorf("push to a player: %w", err)
		}
	}
	return s.follow(ctx, queue, p)
}

// stands returns the mm:ticket event of a ticket.
func stands(t wire.MMTicket) (stream.Event, error) {
	data, err := json.Marshal(wire.MMTicketPush{Ticket: t})
	if err != nil {
		return stream.Event{}, fmt.Errorf("encode a ticket: %w", err)
	}
	return stream.Event{Name: wire.EventMMTicket, Data: data}, nil
}

// cast pushes the state of a ticket to its players without keeping it.
func (s *Service) cast(ctx context.Context, t wire.MMTicket) error {
	event, err := stands(t)
	if err != nil {
		return err
	}
	for _, user := range t.Players {
		if err := s.Caster.Cast(ctx, userstream.StreamID(user), event); err != nil {
			return fmt.Errorf("push the state of a ticket: %w", err)
		}
	}
	return nil
}

// follow does the follow-up work of a letter; it is idempotent.
func (s *Service) follow(ctx context.Context, queue string, p posted) error {
	if p.matched != nil && s.Matched != nil {
		if err := s.Matched(ctx, p.id, p.Users, *p.matched); err != nil {
			return fmt.Errorf("notify offline players: %w", err)
		}
	}
	if p.Left == "" {
		return nil
	}
	return s.forget(ctx, cmp.Or(p.Home, queue), p.Left, p.Users)
}

// catchUp sends the letters of pods that died before they sent them.
func (s *Service) catchUp(ctx context.Context, queue string) error {
	left, err := s.Ledger.All(ctx, book(queue), outbox)
	if err != nil {
		return err
	}
	left = slices.DeleteFunc(left, func(r records.Record) bool {
		id, err := ulid.ParseStrict(r.Key)
		return err == nil && s.Now().Sub(id.Timestamp()) < leftBehind
	})
	var letters []posted
	var errs []error
	var expired records.Step
	for _, r := range left[:min(len(left), mostLeft)] {
		p, err := fetched(r)
		switch {
		case err != nil:
			errs = append(errs, err)
		case p.expired(s.Now()):
			expired.Changes = append(expired.Changes, records.Change{Table: outbox, Key: r.Key, Any: true})
		default:
			letters = append(letters, p)
		}
	}
	if len(expired.Changes) > 0 {
		errs = append(errs, s.Ledger.Apply(ctx, book(queue), expired))
	}
	return errors.Join(append(errs, s.send(ctx, queue, letters))...)
}

// expired reports whether a proposal's letter is older than the streams' memory of orders.
// The proposal is closed by then.
func (p posted) expired(now time.Time) bool {
	id, err := ulid.ParseStrict(p.id)
	return err == nil && p.Event == wire.EventMMProposal && now.Sub(id.Timestamp()) >= known
}
