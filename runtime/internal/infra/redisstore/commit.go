package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Commit implements stream.Store.
func (s *Store) Commit(ctx context.Context, c stream.Commit) (result stream.Result, err error) {
	ctx, end := span(ctx, "commit", c.Stream)
	defer end(&err)
	if err := c.Validate(); err != nil {
		return stream.Result{}, err
	}
	keys, args, err := s.c.commitCall(ctx, &c)
	if err != nil {
		return stream.Result{}, err
	}
	reply, err := s.c.runCombined(ctx, commitScript, keys, args...)
	if err != nil && c.Once != nil && temporary(err) && ctx.Err() == nil {
		reply, err = s.c.run(ctx, commitScript, keys, args...) // safe to repeat because of Once
	}
	if err != nil {
		return stream.Result{}, unavailable("commit "+string(c.Stream), err)
	}
	return committed(reply, &c, args[0])
}

// commitCall returns the keys and arguments of commit.lua.
func (c *Client) commitCall(ctx context.Context, m *stream.Commit) ([]string, []any, error) {
	hash := c.keys.hash(m.Stream)
	keys := []string{hash, c.keys.log(m.Stream), c.keys.channel(m.Stream), hash, hash, hash, hash, hash}
	args := make([]any, 18, 18+len(m.Events))
	args[0], args[1] = newEpoch(), ""
	if m.Expect != nil {
		args[1] = strconv.FormatUint(*m.Expect, 10)
	}
	args[2], args[3] = 0, ""
	if m.Doc != nil {
		args[2], args[3] = 1, m.Doc
	}
	args[4], args[5], args[6] = m.Retain.LogSize, millis(m.Retain.LogTTL), millis(m.Retain.TTL)
	args[7] = c.publishCommand()
	args[8], args[9] = 0, ""
	if m.Once != nil {
		keys[3] = c.keys.once(m.Once, m.Stream)
		args[8], args[9] = millis(m.Once.TTL), m.Once.Value
	}
	args[10], args[11] = 0, 0
	if r := m.Rate; r != nil {
		keys[4] = c.keys.rate(r, m.Stream)
		args[10] = max(1, (r.Per / time.Duration(r.Events)).Microseconds())
		args[11] = r.Per.Microseconds()
	}
	args[12], args[13] = 0, ""
	if m.Unless != "" {
		keys[5], args[12] = c.keys.bar(m.Unless, m.Stream), 1
	}
	if m.Bar != nil {
		keys[6], args[13] = c.keys.bar(m.Bar.Key, m.Stream), strconv.FormatInt(millis(m.Bar.TTL), 10)+" "+m.Bar.By
	}
	args[14], args[15] = m.Epoch, stream.FencedAt(ctx)
	args[16], args[17] = 0, 0
	if o := m.Order; o != nil {
		keys[7] = c.keys.order(o.Key, m.Stream)
		args[16], args[17] = strconv.FormatUint(o.Value, 10), millis(o.TTL)
	}
	for i := range m.Events {
		event, err := encodeEvent(&m.Events[i])
		if err != nil {
			return nil, nil, err
		}
		args = append(args, event)
	}
	return keys, args, nil
}

// committed decodes the reply of commit.lua to the call with this name. The call may have
// been sent twice because its first reply was lost; its own commit then is not a
// repetition.
func committed(reply any, c *stream.Commit, name any) (stream.Result, error) {
	p, err := parts(reply, 2)
	if err != nil {
		return stream.Result{}, err
	}
	switch text(p[0]) {
	case "once":
		result, by, err := remembered(text(p[1]))
		result.Repeated = by != name
		return result, err
	case "late":
		return stream.Result{}, stream.ErrFenced
	case "outdated":
		return stream.Result{}, stream.ErrOutdated
	case "barred":
		ms, err := number(p[1])
		if err != nil {
			return stream.Result{}, err
		}
		return stream.Result{}, &stream.BarredError{For: time.Duration(ms) * time.Millisecond}
	case "rate":
		micros, err := number(p[1])
		if err != nil {
			return stream.Result{}, err
		}
		return stream.Result{}, &stream.RateError{RetryAfter: time.Duration(micros) * time.Microsecond}
	}
	if len(p) < 4 {
		return stream.Result{}, fmt.Errorf("%w: %v", errReply, p[0])
	}
	if text(p[0]) == "conflict" {
		now, err := state(p[1:])
		if err != nil {
			return stream.Result{}, err
		}
		return stream.Result{}, &stream.ConflictError{Current: now}
	}
	now, err := snapshot(p[1:], nil)
	result := stream.Result{Position: now.Position, TS: now.TS}
	if c.Once != nil && len(c.Once.Value) > 0 {
		result.Value = c.Once.Value
	}
	return result, err
}

// missing reports whether a script returned nil.
func missing(reply any, err error) bool {
	return errors.Is(err, redis.Nil) || err == nil && reply == nil
}
