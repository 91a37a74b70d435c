package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// A player is in at most one live proposal or hand-off, over all queues. The claims of all
// players are in one book, so that a round claims all its players in one step. A round
// claims its players before it is committed, and frees them after it has ended.
//
// A claim is live while its round is in the book of its queue. A matcher may die between
// the claim and the round. After claimGrace, another matcher may take over such a claim: it
// first voids the round in its queue's book, so that the first matcher can no longer commit
// it.
const (
	// playersBook has the claims. No queue has this name: names of resources begin with a
	// letter or a digit.
	playersBook records.Book = "-players"
	// claims is the table of claims by user id.
	claims = "claims"
	// voids is a table of a queue's book: the times at which rounds were voided, by round
	// id. A voided round cannot be committed. The records are kept for voidTTL.
	voids = "voids"
	// claimGrace is how long a claim without a round is live.
	claimGrace = 5 * time.Second
	voidTTL    = time.Hour
	claimTries = 3
)

// claim is a round's claim of a player. At is the time of the claim, in milliseconds.
type claim struct {
	Queue string `json:"queue"`
	Round string `json:"round"`
	At    int64  `json:"at"`
}

// claim encodes the round's claim; the encoding is always the same.
func (r Round) claim() ([]byte, error) {
	value, err := json.Marshal(claim{r.Queue, r.ID, r.MadeAt})
	if err != nil {
		return nil, fmt.Errorf("encode a claim: %w", err)
	}
	return value, nil
}

// users returns the distinct user ids of the players.
func (r Round) users() []string {
	var ids []string
	for _, p := range r.players() {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// claim claims all players of a round or none. held are the players of other live rounds.
func (s *Service) claim(ctx context.Context, r Round) (held []string, err error) {
	value, err := r.claim()
	if err != nil {
		return nil, err
	}
	users := r.users()
	var stale map[string][]byte
	for range claimTries {
		var step records.Step
		for _, user := range users {
			step.Changes = append(step.Changes, records.Change{Table: claims, Key: user, Was: stale[user], Value: value})
		}
		err := s.Ledger.Apply(ctx, playersBook, step)
		var conflict *records.ConflictError
		if !errors.As(err, &conflict) {
			return nil, err
		}
		found, err := s.claimed(ctx, users)
		if err != nil {
			return nil, err
		}
		if err := s.voidStale(ctx, found); err != nil {
			return nil, err
		}
		if len(found.held) > 0 {
			return found.held, nil
		}
		stale = found.raw
	}
	return users, nil
}

// foundClaims are the claims of some users.
type foundClaims struct {
	// held are the users with a live claim. stale are the claims without a round by user,
	// and raw their records.
	held  []string
	stale map[string]claim
	raw   map[string][]byte
}

// claimed reads the claims of users.
func (s *Service) claimed(ctx context.Context, users []string) (*foundClaims, error) {
	found := &foundClaims{stale: map[string]claim{}, raw: map[string][]byte{}}
	records, err := s.Ledger.Get(ctx, playersBook, claims, users...)
	if err != nil {
		return found, err
	}
	byQueue := map[string][]string{}
	for user, raw := range records {
		var c claim
		if err := decode(raw, &c); err != nil {
			return found, err
		}
		if ms(s.Now())-c.At < claimGrace.Milliseconds() {
			found.held = append(found.held, user)
			continue
		}
		found.stale[user], found.raw[user] = c, raw
		byQueue[c.Queue] = append(byQueue[c.Queue], c.Round)
	}
	for queue, ids := range byQueue {
		live, err := s.Ledger.Get(ctx, book(queue), rounds, ids...)
		if err != nil {
			return found, err
		}
		for user, c := range found.stale {
			if c.Queue == queue && live[c.Round] != nil {
				found.hold(user)
			}
		}
	}
	return found, nil
}

func (f *foundClaims) hold(user string) {
	f.held = append(f.held, user)
	delete(f.stale, user)
	delete(f.raw, user)
}

// voidStale voids the rounds of stale claims, so that they cannot be committed. The claim
// of a round that was committed since is live.
func (s *Service) voidStale(ctx context.Context, found *foundClaims) error {
	for user, c := range found.stale {
		at, err := json.Marshal(ms(s.Now()))
		if err != nil {
			return fmt.Errorf("encode a time: %w", err)
		}
		err = s.Ledger.Apply(ctx, book(c.Queue), records.Step{Changes: []records.Change{
			{Table: rounds, Key: c.Round}, {Table: voids, Key: c.Round, Any: true, Value: at},
		}})
		var conflict *records.ConflictError
		if errors.As(err, &conflict) {
			found.hold(user)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// notVoid is the change that makes a step fail if the round was voided.
func (r Round) notVoid() records.Change { return records.Change{Table: voids, Key: r.ID} }

// free deletes the claims of an ended round. It keeps claims that another round has taken
// over.
func (s *Service) free(ctx context.Context, r Round) error {
	value, err := r.claim()
	if err != nil {
		return err
	}
	users := r.users()
	for range claimTries {
		var step records.Step
		for _, user := range users {
			step.Changes = append(step.Changes, records.Change{Table: claims, Key: user, Was: value})
		}
		if len(step.Changes) == 0 {
			return nil
		}
		err := s.Ledger.Apply(ctx, playersBook, step)
		var conflict *records.ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
		found, err := s.Ledger.Get(ctx, playersBook, claims, users...)
		if err != nil {
			return err
		}
		users = slices.DeleteFunc(users, func(user string) bool { return string(found[user]) != string(value) })
	}
	return nil
}

// freeLater is free for callers that ignore a failure: the claims expire after claimGrace.
func (s *Service) freeLater(ctx context.Context, r Round) {
	if err := s.free(ctx, r); err != nil {
		s.Log.WarnContext(ctx, "claims of an ended proposal not released; they will expire", "queue", r.Queue, "proposal", r.ID, "error", err)
	}
}

// forgetVoids deletes old voids from a queue's book.
func (s *Service) forgetVoids(ctx context.Context, queue string) error {
	all, err := s.Ledger.All(ctx, book(queue), voids)
	if err != nil {
		return err
	}
	var step records.Step
	for _, v := range all {
		var at int64
		if err := decode(v.Value, &at); err != nil || ms(s.Now())-at > voidTTL.Milliseconds() {
			step.Changes = append(step.Changes, records.Change{Table: voids, Key: v.Key, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return nil
	}
	return s.Ledger.Apply(ctx, book(queue), step)
}
