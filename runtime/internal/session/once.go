package session

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxRemembered bounds an answer that is remembered. A larger one is not: the
// request is then carried out again when it is repeated, and the Once of its
// commit keeps the effect single.
const maxRemembered = 64 << 10

// remembered is the answer to a keyed request, and the streams that it made its
// connection follow: a client that lost its connection before the answer repeats
// the request on a new one, which follows nothing yet.
type remembered struct {
	Ack    json.RawMessage       `json:"ack"`
	Follow []wire.StreamPosition `json:"follow,omitempty"`
}

// callOnce carries a keyed request out unless its answer is known.
func (s *Session) callOnce(
	ctx context.Context, found route, c command.Call, event string, req any, f *follower,
) (json.RawMessage, error) {
	hash, err := requestHash(event, req)
	if err != nil {
		return nil, err
	}
	known, err := s.m.Replies.Begin(ctx, c.ID, c.Key, hash, s.m.IdempotencyTTL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up the key: %w", err)
	case known.Mismatch:
		return nil, wire.Refuse(wire.CodeIdempotencyMismatch, "the key was used for another request")
	case known.Known:
		return s.replay(ctx, known.Answer, f)
	}
	answer, err := s.call(ctx, found, c, event, req)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err != nil {
		if Certain(Refusal(err).Code) {
			s.forget(after, c, hash)
		}
		return nil, err
	}
	s.remember(after, c, hash, remembered{Ack: answer, Follow: f.positions()})
	return answer, nil
}

// replay gives a remembered answer, and follows again what the request followed,
// as far as the user still may.
func (s *Session) replay(ctx context.Context, answer []byte, f *follower) (json.RawMessage, error) {
	var was remembered
	if err := json.Unmarshal(answer, &was); err != nil {
		return nil, fmt.Errorf("read the remembered answer: %w", err)
	}
	for _, p := range was.Follow {
		id := stream.ID(p.Stream)
		if s.Follows(id) {
			continue
		}
		if err := s.authorize(ctx, id); err != nil {
			if Certain(Refusal(err).Code) {
				continue
			}
			return nil, err
		}
		//nolint:contextcheck // what a follow does after the request outlives its context
		if err := f.Follow(id, stream.Position{Epoch: p.Epoch, Seq: p.Seq}); err != nil {
			return nil, err
		}
	}
	return was.Ack, nil
}

// remember keeps the answer. If that fails, a repeated request is carried out
// again, which its commit's Once makes harmless.
func (s *Session) remember(ctx context.Context, c command.Call, hash [16]byte, r remembered) {
	data, err := json.Marshal(r)
	if err == nil && len(data) <= maxRemembered {
		err = s.m.Replies.Save(ctx, c.ID, c.Key, hash, data, s.m.IdempotencyTTL)
	}
	if err != nil {
		s.m.Log.Warn("the answer to a keyed request was not kept", "session", c.SessionID, "error", err)
	}
}

// forget frees the key of a request that had no effect. If that fails, the same
// request may still use it again.
func (s *Session) forget(ctx context.Context, c command.Call, hash [16]byte) {
	if err := s.m.Replies.Forget(ctx, c.ID, c.Key, hash); err != nil {
		s.m.Log.Warn("the key of a refused request was not freed", "session", c.SessionID, "error", err)
	}
}

// requestHash tells requests apart by what was understood of them, so that white
// space, the order of members and unknown ones make no difference.
func requestHash(event string, req any) ([16]byte, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return [16]byte{}, fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(event+"\x00"), body...))
	return [16]byte(sum[:16]), nil
}
