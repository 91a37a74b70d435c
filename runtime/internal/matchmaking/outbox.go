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

	"github.com/anteroom/anteroom/runtime/internal/ledger"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/usertell"
	"github.com/anteroom/anteroom/runtime/wire"
)

// letter is what is still to be told to some users, and what follows from it for them.
type letter struct {
	Users []string        `json:"users"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
	// Ticket is how their ticket stands with this; nil when it stands as before.
	Ticket *wire.MMTicket `json:"ticket,omitempty"`
	// About is the ticket that the letter is about, and Order its place among the letters of
	// that ticket; "" and 0 in letters of servers before this field existed.
	About string `json:"about,omitempty"`
	Order uint64 `json:"order,omitempty"`
	// Left is the ticket that is gone with this; "" when it stays. Home is the queue that it
	// is noted under; "" for the letter's own.
	Left string `json:"left,omitempty"`
	Home string `json:"home,omitempty"`
}

// leftBehind is how old a letter is when the matcher takes it that nobody else will
// deliver it; known is how long a delivery is known, so that it is not made twice.
const (
	leftBehind = 5 * time.Second
	// mostLeft is how many such letters are told in one interval.
	mostLeft = 1000
	known    = 10 * time.Minute
)

// The order of a ticket's news: by attempt, within it by the answers to its proposal, and
// the end of the ticket last. A user's stream refuses older news of a ticket, which a
// stopped server or a dead matcher left behind.
const (
	attemptShift = 20
	orderEnd     = uint64(1) << 52
)

// orderSearching is the order of the news that a ticket searches in this attempt.
func orderSearching(attempt int) uint64 {
	return max(min(uint64(attempt), orderEnd>>attemptShift-1)<<attemptShift, 1) //nolint:gosec // never negative
}

// orderProposed is the order of the news of a proposal that so many players have accepted.
func orderProposed(attempt, accepted int) uint64 {
	return orderSearching(attempt) + 1 + uint64(accepted) //nolint:gosec // never negative
}

// posted is a letter in the outbox.
type posted struct {
	id string
	letter
	// matched is what a letter of that event says.
	matched *wire.MMMatched
}

// post adds a letter with a payload to a step.
func (s *Service) post(step *ledger.Step, l letter, payload any) (posted, error) {
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
	step.Changes = append(step.Changes, ledger.Change{Table: outbox, Key: id.String(), Value: value})
	p := posted{id: id.String(), letter: l}
	if matched, is := payload.(wire.MMMatched); is {
		p.matched = &matched
	}
	return p, nil
}

// fetched is a letter as it lies in the outbox.
func fetched(r ledger.Record) (posted, error) {
	p := posted{id: r.Key}
	if err := decode(r.Value, &p.letter); err != nil || p.Event != wire.EventMMMatched {
		return p, err
	}
	return p, decode(p.Data, &p.matched)
}

// deliver tells what a step has put into the outbox. What cannot be told now the
// matcher tells later.
func (s *Service) deliver(ctx context.Context, queue string, letters []posted, also ...ledger.Change) {
	if err := s.send(ctx, queue, letters, also...); err != nil {
		s.Log.WarnContext(ctx, "a player is told later", "queue", queue, "error", err)
	}
}

// send tells letters, a few at a time, and takes those out that are told, together with other changes.
func (s *Service) send(ctx context.Context, queue string, letters []posted, also ...ledger.Change) error {
	told := make([]bool, len(letters))
	failed := each(letters, func(i int, p posted) error {
		err := s.tell(ctx, queue, p)
		told[i] = err == nil
		return err
	})
	step := ledger.Step{Changes: also}
	for i, p := range letters {
		if told[i] {
			step.Changes = append(step.Changes, ledger.Change{Table: outbox, Key: p.id, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return failed
	}
	return errors.Join(failed, s.Ledger.Apply(ctx, book(queue), step))
}

// tell commits a letter to its users' own streams, once each, and does what follows from
// it.
func (s *Service) tell(ctx context.Context, queue string, p posted) error {
	var also []stream.Event
	if p.Ticket != nil {
		event, err := stands(*p.Ticket)
		if err != nil {
			return err
		}
		also = append(also, event)
	}
	m := usertell.Message{
		Cause: usertell.ByServer,
		Event: p.Event, Payload: p.Data, Also: also, Once: &stream.Once{Scope: "mm", Key: p.id, TTL: known},
	}
	if p.About != "" {
		m.Order = &stream.Order{Key: p.About, Value: p.Order, TTL: known}
	}
	for _, user := range p.Users {
		if _, err := s.users.Tell(ctx, user, m); err != nil && !errors.Is(err, stream.ErrOutdated) {
			return fmt.Errorf("tell a player: %w", err)
		}
	}
	return s.follow(ctx, queue, p)
}

// stands is the event of how a ticket stands.
func stands(t wire.MMTicket) (stream.Event, error) {
	data, err := json.Marshal(wire.MMTicketPush{Ticket: t})
	if err != nil {
		return stream.Event{}, fmt.Errorf("encode a ticket: %w", err)
	}
	return stream.Event{Name: wire.EventMMTicket, Data: data}, nil
}

// cast tells the players of a ticket how it stands at the moment; nothing of it is kept.
func (s *Service) cast(ctx context.Context, t wire.MMTicket) error {
	event, err := stands(t)
	if err != nil {
		return err
	}
	for _, user := range t.Players {
		if err := s.Caster.Cast(ctx, usertell.StreamID(user), event); err != nil {
			return fmt.Errorf("tell how a ticket stands: %w", err)
		}
	}
	return nil
}

// follow does what follows from a letter; it may be done again.
func (s *Service) follow(ctx context.Context, queue string, p posted) error {
	if p.matched != nil && s.Matched != nil {
		if err := s.Matched(ctx, p.id, p.Users, *p.matched); err != nil {
			return fmt.Errorf("notify players who are away: %w", err)
		}
	}
	if p.Left == "" {
		return nil
	}
	return s.forget(ctx, cmp.Or(p.Home, queue), p.Left, p.Users)
}

// catchUp sends letters that were left behind by pods that died over them.
func (s *Service) catchUp(ctx context.Context, queue string) error {
	left, err := s.Ledger.All(ctx, book(queue), outbox)
	if err != nil {
		return err
	}
	left = slices.DeleteFunc(left, func(r ledger.Record) bool {
		id, err := ulid.ParseStrict(r.Key)
		return err == nil && s.Now().Sub(id.Timestamp()) < leftBehind
	})
	var letters []posted
	var errs []error
	var expired ledger.Step
	for _, r := range left[:min(len(left), mostLeft)] {
		p, err := fetched(r)
		switch {
		case err != nil:
			errs = append(errs, err)
		case p.expired(s.Now()):
			expired.Changes = append(expired.Changes, ledger.Change{Table: outbox, Key: r.Key, Any: true})
		default:
			letters = append(letters, p)
		}
	}
	if len(expired.Changes) > 0 {
		errs = append(errs, s.Ledger.Apply(ctx, book(queue), expired))
	}
	return errors.Join(append(errs, s.send(ctx, queue, letters))...)
}

// expired reports whether a proposal's letter is older than the streams' memory of newer
// news. Its proposal is closed by then.
func (p posted) expired(now time.Time) bool {
	id, err := ulid.ParseStrict(p.id)
	return err == nil && p.Event == wire.EventMMProposal && now.Sub(id.Timestamp()) >= known
}
