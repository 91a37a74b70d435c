package serverapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/keyed"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
)

// scope is whose the idempotency keys of back ends are: no user's, for ids of users
// have no space.
const scope = "server api"

// maxRemembered bounds an answer that is remembered. A larger one is not: the request
// is then carried out again, and the Onces of its commits keep the effect single.
const maxRemembered = 256 << 10

// settler is an answer to a batch: Settled reports whether the outcome of each item is certain.
// An uncertain answer is not saved: a repeat of the request completes the rest.
type settler interface{ Settled() bool }

// once carries a request out unless the answer to its key is known.
func (s *Server) once(ctx context.Context, c call, req any, run func(context.Context) (any, error)) (any, error) {
	hash, err := requestHash(c, req)
	if err != nil {
		return nil, err
	}
	data, _, err := s.idempotent().Do(ctx, keyed.Request{Scope: scope, Key: c.key, Hash: hash},
		func(ctx context.Context) (keyed.Answer, error) {
			answer, err := run(ctx)
			if err != nil {
				return keyed.Answer{}, err
			}
			several, is := answer.(settler)
			data, err := json.Marshal(answer)
			return keyed.Answer{Data: data, Settled: !is || several.Settled()}, err
		})
	if err != nil {
		return nil, err
	}
	return json.RawMessage(data), nil
}

func (s *Server) idempotent() *keyed.Runner {
	return &keyed.Runner{
		Replies: s.Replies, TTL: s.IdempotencyTTL, MaxAnswer: maxRemembered, Log: s.Log,
		Certain: func(err error) bool { return session.Certain(session.Refusal(err).Code) },
	}
}

// requestHash hashes the decoded request, so that a different request under the same key is
// detected.
func requestHash(c call, req any) ([16]byte, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return [16]byte{}, fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(c.http.URL.Path+"\x00"), body...))
	return [16]byte(sum[:16]), nil
}

// single makes one commit of a request happen once; part tells the commits of a
// request apart. Nil for a request without a key.
func (s *Server) single(key, part string) *stream.Once {
	if key == "" {
		return nil
	}
	return &stream.Once{Scope: scope, Key: key + "\x00" + part, TTL: s.IdempotencyTTL}
}
