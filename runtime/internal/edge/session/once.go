package session

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/keyed"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxRemembered bounds an answer that is remembered. A larger one is not: the
// request is then carried out again when it is repeated, and the Once of its
// commit keeps the effect single.
const maxRemembered = 64 << 10

// remembered is the answer to a keyed request, and the streams that the request asked for:
// a client that lost its connection before the answer, or has another device, repeats the
// request on a connection that follows nothing yet.
type remembered struct {
	Ack    json.RawMessage       `json:"ack"`
	Follow []wire.StreamPosition `json:"follow,omitempty"`
}

// callOnce carries a keyed request out unless its answer is known.
func (s *Session) callOnce(
	ctx context.Context, found route, c request.Call, event string, req any, f *subscriber,
) (json.RawMessage, error) {
	hash, err := requestHash(event, req)
	if err != nil {
		return nil, err
	}
	var ack json.RawMessage
	id := keyed.Request{Scope: c.ID, Key: c.Key, Hash: hash}
	data, known, err := s.m.once.Do(ctx, id, func(ctx context.Context) (keyed.Answer, error) {
		var err error
		if ack, err = s.call(ctx, found, c, event, req); err != nil {
			return keyed.Answer{}, err
		}
		data, err := json.Marshal(remembered{Ack: ack, Follow: f.positions()})
		return keyed.Answer{Data: data, Settled: true}, err
	})
	if known {
		return s.replay(ctx, data, f)
	}
	return ack, err
}

// replay gives a remembered answer, and follows again what the request followed,
// as far as the user still may.
func (s *Session) replay(ctx context.Context, answer []byte, f *subscriber) (json.RawMessage, error) {
	var was remembered
	if err := json.Unmarshal(answer, &was); err != nil {
		return nil, fmt.Errorf("read the remembered answer: %w", err)
	}
	for _, p := range was.Follow {
		id := stream.ID(p.Stream)
		at := stream.Position{Epoch: p.Epoch, Seq: p.Seq}
		if s.stillFollows(id) {
			f.keep(id, at)
			continue
		}
		if err := s.authorize(ctx, id); err != nil {
			if Certain(Refusal(err).Code) {
				continue
			}
			return nil, err
		}
		//nolint:contextcheck // what a subscription does after the request outlives its context
		if err := f.Follow(id, at); err != nil {
			return nil, err
		}
	}
	return was.Ack, nil
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
