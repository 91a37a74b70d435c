package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

var _ stream.Caster = (*Store)(nil)

// Cast implements stream.Caster: it publishes a record with seq 0 and does not keep it.
func (s *Store) Cast(ctx context.Context, id stream.ID, e stream.Event) error {
	if err := id.Validate(); err != nil {
		return err
	}
	if err := e.Validate(); err != nil {
		return err
	}
	event, err := encodeEvent(&e)
	if err != nil {
		return err
	}
	record := "0 " + strconv.FormatInt(time.Now().UnixMilli(), 10) + " - " + event
	return unavailable("cast to "+string(id), s.c.publish(ctx, s.c.keys.channel(id), record))
}
