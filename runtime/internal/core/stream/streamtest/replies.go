package streamtest

import (
	"bytes"
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// reply is the remembered state of a request.
type reply struct {
	attempt stream.Attempt
	// leased is the end of the attempt's lease.
	leased time.Time
	done   bool
	answer []byte
	ends   time.Time
}

// Begin implements stream.Replies.
func (m *Memory) Begin(ctx context.Context, a stream.Attempt, lease, ttl time.Duration) (stream.Reply, error) {
	if err := m.lock(ctx); err != nil {
		return stream.Reply{}, err
	}
	defer m.mu.Unlock()
	now := m.now()
	if r, there := m.reply(a); there {
		left := r.leased.Add(stream.LeaseSkew).Sub(now)
		switch {
		case r.attempt.Hash != a.Hash:
			return stream.Reply{Mismatch: true}, nil
		case r.done:
			return stream.Reply{Known: true, Answer: bytes.Clone(r.answer)}, nil
		case left > 0 && r.attempt.Token != a.Token:
			return stream.Reply{Held: left}, nil
		}
	}
	m.replies[keyOf(a)] = reply{attempt: a, leased: now.Add(lease), ends: now.Add(ttl)}
	return stream.Reply{Until: now.Add(lease).UnixMilli()}, nil
}

func keyOf(a stream.Attempt) [2]string { return [2]string{a.Scope, a.Key} }

// reply returns the remembered state of an attempt's key.
func (m *Memory) reply(a stream.Attempt) (reply, bool) {
	r, there := m.replies[keyOf(a)]
	return r, there && m.now().Before(r.ends)
}

// holds reports whether an attempt holds its key.
func (r reply) holds(a stream.Attempt) bool { return !r.done && r.attempt == a }

// Extend implements stream.Replies.
func (m *Memory) Extend(ctx context.Context, a stream.Attempt, lease time.Duration) (int64, error) {
	if err := m.lock(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	r, there := m.reply(a)
	if !there || !r.holds(a) {
		return 0, stream.ErrFenced
	}
	r.leased = m.now().Add(lease)
	m.replies[keyOf(a)] = r
	return r.leased.UnixMilli(), nil
}

// Save implements stream.Replies.
func (m *Memory) Save(ctx context.Context, a stream.Attempt, answer []byte, ttl time.Duration) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if r, there := m.reply(a); there && !r.holds(a) {
		return stream.ErrFenced
	}
	m.replies[keyOf(a)] = reply{attempt: a, done: true, answer: bytes.Clone(answer), ends: m.now().Add(ttl)}
	return nil
}

// Abandon implements stream.Replies.
func (m *Memory) Abandon(ctx context.Context, a stream.Attempt) error {
	return m.end(ctx, a, func(r reply) {
		r.leased = time.Time{}
		m.replies[keyOf(a)] = r
	})
}

// Forget implements stream.Replies.
func (m *Memory) Forget(ctx context.Context, a stream.Attempt) error {
	return m.end(ctx, a, func(reply) { delete(m.replies, keyOf(a)) })
}

func (m *Memory) end(ctx context.Context, a stream.Attempt, end func(reply)) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if r, there := m.reply(a); there && r.holds(a) {
		end(r)
	}
	return nil
}
