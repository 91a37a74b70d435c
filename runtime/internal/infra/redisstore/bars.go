package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

var _ stream.Bars = (*Store)(nil)

// Barred implements stream.Bars.
func (s *Store) Barred(ctx context.Context, id stream.ID, key string) (stream.Barred, error) {
	if err := id.Validate(); err != nil {
		return stream.Barred{}, err
	}
	name := s.c.keys.bar(key, id)
	var (
		left *redis.DurationCmd
		by   *redis.StringCmd
	)
	_, err := s.c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		left, by = p.PTTL(ctx, name), p.Get(ctx, name)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil), err == nil && left.Val() <= 0:
		return stream.Barred{}, nil
	case err != nil:
		return stream.Barred{}, unavailable("read a bar of "+string(id), err)
	}
	return stream.Barred{For: left.Val().Round(time.Millisecond), By: by.Val()}, nil
}
