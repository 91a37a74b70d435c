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

// message is an outbox message: a push to some users, with its follow-up work.
type message struct {
	Users []string        `json:"users"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
	// Ticket is the state of the users' ticket after the push; nil when it does not change.
	Ticket *wire.MMTicket `json:"ticket,omitempty"`
	// OrderKey is the ticket of the message, and Order the message's place among those of that
	// ticket; "" and 0 in messages of servers without this field.
	OrderKey string `json:"about,omitempty"`
	Order    uint64 `json:"order,omitempty"`
	// EndedTicket is the ticket that ends with this message; "" when it stays. Home is the queue
	// of the ticket's entries; "" for the message's own queue.
	EndedTicket string `json:"left,omitempty"`
	HomeQueue   string `json:"home,omitempty"`
}

// abandonedAfter is the age at which the matcher delivers a message, because its pod must have
// died. deliveryMemory is how long a delivery is remembered, so that it is not repeated.
const (
	abandonedAfter = 5 * time.Second
	// abandonedPerPass bounds the messages that the matcher delivers in one pass.
	abandonedPerPass = 1000
	deliveryMemory   = 10 * time.Minute
)

// outboxMessage is a message with its id in the outbox.
type outboxMessage struct {
	id string
	message
	// matched is the payload of an mm:matched message.
	matched *wire.MMMatched
}

// addMessage adds a message with a payload to a step.
func (s *Service) addMessage(step *records.Txn, l message, payload any) (outboxMessage, error) {
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return outboxMessage{}, fmt.Errorf("make the id of a message: %w", err)
	}
	if l.Data, err = json.Marshal(payload); err != nil {
		return outboxMessage{}, fmt.Errorf("encode %s: %w", l.Event, err)
	}
	value, err := json.Marshal(l)
	if err != nil {
		return outboxMessage{}, fmt.Errorf("encode a message: %w", err)
	}
	step.Changes = append(step.Changes, records.Change{Table: outbox, Key: id.String(), Value: value})
	p := outboxMessage{id: id.String(), message: l}
	if matched, is := payload.(wire.MMMatched); is {
		p.matched = &matched
	}
	return p, nil
}

// decodeMessage decodes a message from the outbox.
func decodeMessage(r records.Record) (outboxMessage, error) {
	p := outboxMessage{id: r.Key}
	if err := decode(r.Value, &p.message); err != nil || p.Event != wire.EventMMMatched {
		return p, err
	}
	return p, decode(p.Data, &p.matched)
}

// deliverOrLog sends the messages of a step. The matcher later sends the messages that fail now.
func (s *Service) deliverOrLog(ctx context.Context, queue string, messages []outboxMessage, also ...records.Change) {
	if err := s.deliver(ctx, queue, messages, also...); err != nil {
		s.Log.WarnContext(ctx, "push to players not delivered; the matcher will retry", "queue", queue, "error", err)
	}
}

// deliver sends messages, several concurrently, and deletes the sent messages in one step with
// also.
func (s *Service) deliver(ctx context.Context, queue string, messages []outboxMessage, also ...records.Change) error {
	pushed := make([]bool, len(messages))
	failed := forEach(messages, func(i int, p outboxMessage) error {
		err := s.commitMessage(ctx, queue, p)
		pushed[i] = err == nil
		return err
	})
	step := records.Txn{Changes: also}
	for i, p := range messages {
		if pushed[i] {
			step.Changes = append(step.Changes, records.Change{Table: outbox, Key: p.id, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return failed
	}
	return errors.Join(failed, s.Records.Apply(ctx, partition(queue), step))
}

// commitMessage commits a message to its users' streams, once each, and does its follow-up work.
func (s *Service) commitMessage(ctx context.Context, queue string, p outboxMessage) error {
	var also []stream.Event
	if p.Ticket != nil {
		event, err := ticketEvent(*p.Ticket)
		if err != nil {
			return err
		}
		also = append(also, event)
	}
	m := userstream.Message{
		Cause: userstream.ByServer,
		Event: p.Event, Payload: p.Data, Also: also, Once: &stream.Once{Scope: "mm", Key: p.id, TTL: deliveryMemory},
	}
	if p.OrderKey != "" {
		m.Order = &stream.Order{Key: p.OrderKey, Value: p.Order, TTL: deliveryMemory}
	}
	for _, user := range p.Users {
		if _, err := s.users.Publish(ctx, user, m); err != nil && !errors.Is(err, stream.ErrOutdated) {
			return fmt.Errorf("push to a player: %w", err)
		}
	}
	return s.applyFollowUps(ctx, queue, p)
}

// ticketEvent returns the mm:ticket event of a ticket.
func ticketEvent(t wire.MMTicket) (stream.Event, error) {
	data, err := json.Marshal(wire.MMTicketPush{Ticket: t})
	if err != nil {
		return stream.Event{}, fmt.Errorf("encode a ticket: %w", err)
	}
	return stream.Event{Name: wire.EventMMTicket, Data: data}, nil
}

// castTicket pushes the state of a ticket to its players without keeping it.
func (s *Service) castTicket(ctx context.Context, t wire.MMTicket) error {
	event, err := ticketEvent(t)
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

// applyFollowUps does the follow-up work of a message; it is idempotent.
func (s *Service) applyFollowUps(ctx context.Context, queue string, p outboxMessage) error {
	if p.matched != nil && s.Events != nil {
		if err := s.Events.Matched(ctx, p.id, p.Users, *p.matched); err != nil {
			return fmt.Errorf("notify offline players: %w", err)
		}
	}
	if p.EndedTicket == "" {
		return nil
	}
	return s.onTicketEnd(ctx, cmp.Or(p.HomeQueue, queue), p.EndedTicket, p.Users)
}

// deliverAbandoned sends the messages of pods that died before they sent them.
func (s *Service) deliverAbandoned(ctx context.Context, queue string) error {
	left, err := s.Records.All(ctx, partition(queue), outbox)
	if err != nil {
		return err
	}
	left = slices.DeleteFunc(left, func(r records.Record) bool {
		id, err := ulid.ParseStrict(r.Key)
		return err == nil && s.Now().Sub(id.Timestamp()) < abandonedAfter
	})
	var messages []outboxMessage
	var errs []error
	var expired records.Txn
	for _, r := range left[:min(len(left), abandonedPerPass)] {
		p, err := decodeMessage(r)
		switch {
		case err != nil:
			errs = append(errs, err)
		case p.expired(s.Now()):
			expired.Changes = append(expired.Changes, records.Change{Table: outbox, Key: r.Key, Any: true})
		default:
			messages = append(messages, p)
		}
	}
	if len(expired.Changes) > 0 {
		errs = append(errs, s.Records.Apply(ctx, partition(queue), expired))
	}
	return errors.Join(append(errs, s.deliver(ctx, queue, messages))...)
}

// expired reports whether a proposal's message is older than the streams' memory of orders.
// The proposal is closed by then.
func (p outboxMessage) expired(now time.Time) bool {
	id, err := ulid.ParseStrict(p.id)
	return err == nil && p.Event == wire.EventMMProposal && now.Sub(id.Timestamp()) >= deliveryMemory
}
