package serverapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/session"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// scope is whose the idempotency keys of back ends are: no user's, for ids of users
// have no space.
const scope = "server api"

// maxRemembered bounds an answer that is remembered. A larger one is not: the request
// is then carried out again, and the Onces of its commits keep the effect single.
const maxRemembered = 256 << 10

// settler is an answer to several requests in one: Settled tells whether it is certain what
// became of each. One that is not settled is not remembered: when the request is repeated,
// what was left undone is done.
type settler interface{ Settled() bool }

// once carries a request out unless the answer to its key is known.
func (s *Server) once(ctx context.Context, c call, req any, run func() (any, error)) (any, error) {
	hash, err := requestHash(c, req)
	if err != nil {
		return nil, err
	}
	known, err := s.Replies.Begin(ctx, scope, c.key, hash, s.IdempotencyTTL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up the key: %w", err)
	case known.Mismatch:
		return nil, wire.Refuse(wire.CodeIdempotencyMismatch, "the key was used for another request")
	case known.Known:
		return json.RawMessage(known.Answer), nil
	}
	answer, err := run()
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err != nil {
		if session.Certain(session.Refusal(err).Code) {
			s.forget(after, c.key, hash)
		}
		return nil, err
	}
	if several, is := answer.(settler); !is || several.Settled() {
		s.remember(after, c.key, hash, answer)
	}
	return answer, nil
}

// remember keeps an answer, unless it cannot be; then the request is carried out again
// when it is repeated, which is harmless.
func (s *Server) remember(ctx context.Context, key string, hash [16]byte, answer any) {
	data, err := json.Marshal(answer)
	if err == nil && len(data) <= maxRemembered {
		err = s.Replies.Save(ctx, scope, key, hash, data, s.IdempotencyTTL)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the answer to a keyed request was not kept", "error", err)
	}
}

// forget frees the key of a request that had no effect.
func (s *Server) forget(ctx context.Context, key string, hash [16]byte) {
	if err := s.Replies.Forget(ctx, scope, key, hash); err != nil {
		s.Log.WarnContext(ctx, "the key of a refused request was not freed", "error", err)
	}
}

// requestHash tells requests apart by what was understood of them.
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
