package matchmaking

import (
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
	// Left is the ticket that is gone with this; "" when it stays.
	Left string `json:"left,omitempty"`
}

// leftBehind is how old a letter is when the matcher takes it that nobody else will
// deliver it; known is how long a delivery is known, so that it is not made twice.
const (
	leftBehind = 5 * time.Second
	// mostLeft is how many such letters are told in one interval.
	mostLeft = 1000
	known    = 10 * time.Minute
)

// post adds a letter with a payload to a step, and gives its id.
func (s *Service) post(step *ledger.Step, l letter, payload any) (string, error) {
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make the id of a letter: %w", err)
	}
	if l.Data, err = json.Marshal(payload); err != nil {
		return "", fmt.Errorf("encode %s: %w", l.Event, err)
	}
	value, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("encode a letter: %w", err)
	}
	step.Changes = append(step.Changes, ledger.Change{Table: outbox, Key: id.String(), Value: value})
	return id.String(), nil
}

// deliver tells what a step has put into the outbox. What cannot be told now the
// matcher tells later.
func (s *Service) deliver(ctx context.Context, queue string, step ledger.Step, letters []string) {
	if len(letters) == 0 {
		return
	}
	mine := map[string]bool{}
	for _, id := range letters {
		mine[id] = true
	}
	var all []ledger.Record
	for _, c := range step.Changes {
		if c.Table == outbox && mine[c.Key] {
			all = append(all, ledger.Record{Key: c.Key, Value: c.Value})
		}
	}
	if err := s.send(ctx, queue, all); err != nil {
		s.Log.WarnContext(ctx, "a player is told later", "queue", queue, "error", err)
	}
}

// send tells letters, a few at a time, and takes those out that are told.
func (s *Service) send(ctx context.Context, queue string, letters []ledger.Record) error {
	told := make([]bool, len(letters))
	failed := each(letters, func(i int, r ledger.Record) error {
		err := s.tell(ctx, queue, r.Key, r.Value)
		told[i] = err == nil
		return err
	})
	var step ledger.Step
	for i, r := range letters {
		if told[i] {
			step.Changes = append(step.Changes, ledger.Change{Table: outbox, Key: r.Key, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return failed
	}
	return errors.Join(failed, s.Ledger.Apply(ctx, book(queue), step))
}

// tell commits a letter to its users' own streams, once each, and does what follows from
// it.
func (s *Service) tell(ctx context.Context, queue, id string, value []byte) error {
	var l letter
	if err := decode(value, &l); err != nil {
		return err
	}
	for _, user := range l.Users {
		_, err := s.users.Tell(ctx, user, usertell.Message{
			Event: l.Event, Payload: l.Data, Once: &stream.Once{Scope: "mm", Key: id, TTL: known},
		})
		if err != nil {
			return fmt.Errorf("tell a player: %w", err)
		}
	}
	return s.follow(ctx, queue, id, l)
}

// follow does what follows from a letter; it may be done again.
func (s *Service) follow(ctx context.Context, queue, id string, l letter) error {
	if l.Event == wire.EventMMMatched && s.Matched != nil {
		var m wire.MMMatched
		if err := decode(l.Data, &m); err != nil {
			return err
		}
		if err := s.Matched(ctx, id, l.Users, m); err != nil {
			return fmt.Errorf("notify players who are away: %w", err)
		}
	}
	if l.Left == "" {
		return nil
	}
	return s.forget(ctx, queue, l.Left, l.Users)
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
	return s.send(ctx, queue, left[:min(len(left), mostLeft)])
}
