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
// players are in one partition, so that a proposal claims all its players in one step. A proposal
// claims its players before it is committed, and frees them after it has ended.
//
// A claim is live while its proposal is in the partition of its queue. A matcher may die between
// the claim and the proposal. After claimGrace, another matcher may take over such a claim: it
// first voids the proposal in its queue's partition, so that the first matcher can no longer commit
// it.
const (
	// claimsPartition has the claims. No queue has this name: names of resources begin with a
	// message or a digit.
	claimsPartition records.Partition = "-players"
	// claims is the table of claims by user id.
	claims = "claims"
	// voids is a table of a queue's partition: the times at which proposals were voided, by proposal
	// id. A voided proposal cannot be committed. The records are kept for voidTTL.
	voids = "voids"
	// claimGrace is how long a claim without a proposal is live.
	claimGrace = 5 * time.Second
	voidTTL    = time.Hour
	claimTries = 3
)

// claim is a proposal's claim of a player. At is the time of the claim, in milliseconds.
type claim struct {
	Queue    string `json:"queue"`
	Proposal string `json:"round"`
	At       int64  `json:"at"`
}

// encodeClaim encodes the proposal's claim; the encoding is always the same.
func (p Proposal) encodeClaim() ([]byte, error) {
	value, err := json.Marshal(claim{p.Queue, p.ID, p.MadeAt})
	if err != nil {
		return nil, fmt.Errorf("encode a claim: %w", err)
	}
	return value, nil
}

// claimPlayers claims all players of a proposal or none. held are the players whom other live proposals have claimed.
func (s *Service) claimPlayers(ctx context.Context, p Proposal) (held []string, err error) {
	value, err := p.encodeClaim()
	if err != nil {
		return nil, err
	}
	users := p.userIDs()
	var stale map[string][]byte
	for range claimTries {
		var step records.Txn
		for _, user := range users {
			step.Changes = append(step.Changes, records.Change{Table: claims, Key: user, Was: stale[user], Value: value})
		}
		err := s.Records.Apply(ctx, claimsPartition, step)
		var conflict *records.ConflictError
		if !errors.As(err, &conflict) {
			return nil, err
		}
		found, err := s.readClaims(ctx, users)
		if err != nil {
			return nil, err
		}
		if err := s.voidStale(ctx, found); err != nil {
			return nil, err
		}
		if len(found.live) > 0 {
			return found.live, nil
		}
		stale = found.raw
	}
	return users, nil
}

// claimStates are the claims of some users.
type claimStates struct {
	// live are the users with a live claim. stale are the claims without a proposal by user,
	// and raw their records.
	live  []string
	stale map[string]claim
	raw   map[string][]byte
}

// readClaims reads the claims of users.
func (s *Service) readClaims(ctx context.Context, users []string) (*claimStates, error) {
	found := &claimStates{stale: map[string]claim{}, raw: map[string][]byte{}}
	records, err := s.Records.Get(ctx, claimsPartition, claims, users...)
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
			found.live = append(found.live, user)
			continue
		}
		found.stale[user], found.raw[user] = c, raw
		byQueue[c.Queue] = append(byQueue[c.Queue], c.Proposal)
	}
	for queue, ids := range byQueue {
		live, err := s.Records.Get(ctx, partition(queue), proposals, ids...)
		if err != nil {
			return found, err
		}
		for user, c := range found.stale {
			if c.Queue == queue && live[c.Proposal] != nil {
				found.markLive(user)
			}
		}
	}
	return found, nil
}

func (f *claimStates) markLive(user string) {
	f.live = append(f.live, user)
	delete(f.stale, user)
	delete(f.raw, user)
}

// voidStale voids the proposals of stale claims, so that they cannot be committed. The claim
// of a proposal that was committed since is live.
func (s *Service) voidStale(ctx context.Context, found *claimStates) error {
	for user, c := range found.stale {
		at, err := json.Marshal(ms(s.Now()))
		if err != nil {
			return fmt.Errorf("encode a time: %w", err)
		}
		err = s.Records.Apply(ctx, partition(c.Queue), records.Txn{Changes: []records.Change{
			{Table: proposals, Key: c.Proposal}, {Table: voids, Key: c.Proposal, Any: true, Value: at},
		}})
		var conflict *records.ConflictError
		if errors.As(err, &conflict) {
			found.markLive(user)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// requireNotVoid is the change that makes a step fail if the proposal was voided.
func (p Proposal) requireNotVoid() records.Change { return records.Change{Table: voids, Key: p.ID} }

// releasePlayers deletes the claims of an ended proposal. It keeps claims that another proposal has taken
// over.
func (s *Service) releasePlayers(ctx context.Context, p Proposal) error {
	value, err := p.encodeClaim()
	if err != nil {
		return err
	}
	users := p.userIDs()
	for range claimTries {
		var step records.Txn
		for _, user := range users {
			step.Changes = append(step.Changes, records.Change{Table: claims, Key: user, Was: value})
		}
		if len(step.Changes) == 0 {
			return nil
		}
		err := s.Records.Apply(ctx, claimsPartition, step)
		var conflict *records.ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
		found, err := s.Records.Get(ctx, claimsPartition, claims, users...)
		if err != nil {
			return err
		}
		users = slices.DeleteFunc(users, func(user string) bool { return string(found[user]) != string(value) })
	}
	return nil
}

// releasePlayersOrLog is free for callers that ignore a failure: the claims expire after claimGrace.
func (s *Service) releasePlayersOrLog(ctx context.Context, p Proposal) {
	if err := s.releasePlayers(ctx, p); err != nil {
		s.Log.WarnContext(ctx, "claims of an ended proposal not released; they will expire", "queue", p.Queue, "proposal", p.ID, "error", err)
	}
}

// expireVoids deletes old voids from a queue's partition.
func (s *Service) expireVoids(ctx context.Context, queue string) error {
	all, err := s.Records.All(ctx, partition(queue), voids)
	if err != nil {
		return err
	}
	var step records.Txn
	for _, v := range all {
		var at int64
		if err := decode(v.Value, &at); err != nil || ms(s.Now())-at > voidTTL.Milliseconds() {
			step.Changes = append(step.Changes, records.Change{Table: voids, Key: v.Key, Any: true})
		}
	}
	if len(step.Changes) == 0 {
		return nil
	}
	return s.Records.Apply(ctx, partition(queue), step)
}
