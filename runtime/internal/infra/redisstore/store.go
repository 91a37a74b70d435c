package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Store is stream.Store on Redis.
type Store struct{ c *Client }

// Store returns the client's streams.
func (c *Client) Store() *Store { return &Store{c: c} }

// newEpoch returns a random name that no epoch had before.
func newEpoch() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Load implements stream.Store.
func (s *Store) Load(ctx context.Context, id stream.ID) (result stream.Snapshot, err error) {
	ctx, end := span(ctx, "load", id)
	defer end(&err)
	reply, err := s.c.runTogether(ctx, loadScript, []string{s.c.keys.hash(id)}, newEpoch())
	if missing(reply, err) {
		return stream.Snapshot{}, fmt.Errorf("%s: %w", id, stream.ErrNotFound)
	}
	if err != nil {
		return stream.Snapshot{}, unavailable("load "+string(id), err)
	}
	p, err := parts(reply, 4)
	if err != nil {
		return stream.Snapshot{}, err
	}
	return state(p)
}

// CatchUp implements stream.Store.
func (s *Store) CatchUp(ctx context.Context, id stream.ID, from stream.Position) (result stream.Catchup, err error) {
	ctx, end := span(ctx, "catch up", id)
	defer end(&err)
	if from.Seq > math.MaxInt64 {
		from = stream.Position{Epoch: "?", Seq: 1} // an unknown position, like that seq
	}
	reply, err := s.c.run(ctx, catchupScript, []string{s.c.keys.hash(id), s.c.keys.log(id)},
		newEpoch(), from.Epoch, from.Seq, stream.Most(ctx))
	if missing(reply, err) {
		return stream.Catchup{Recovered: from == stream.Position{}}, nil
	}
	if err != nil {
		return stream.Catchup{}, unavailable("catch up "+string(id), err)
	}
	return catchup(reply)
}

// catchup decodes the reply of catchup.lua.
func catchup(reply any) (stream.Catchup, error) {
	p, err := parts(reply, 5)
	if err != nil {
		return stream.Catchup{}, err
	}
	if text(p[0]) == "state" {
		now, err := state(p[1:])
		return stream.Catchup{Now: now}, err
	}
	now, err := snapshot(p[1:], nil)
	if err != nil {
		return stream.Catchup{}, err
	}
	records, err := decodeRecords(p[4])
	more := len(p) > 5 && p[5] == int64(1)
	return stream.Catchup{Recovered: true, Records: records, More: more, Now: now}, err
}

// Page implements stream.Store.
func (s *Store) Page(ctx context.Context, id stream.ID, q stream.PageQuery) (result stream.Page, err error) {
	ctx, end := span(ctx, "page", id)
	defer end(&err)
	if err := q.Validate(); err != nil {
		return stream.Page{}, err
	}
	reply, err := s.c.run(ctx, pageScript, []string{s.c.keys.hash(id), s.c.keys.log(id)},
		min(q.Before, math.MaxInt64), min(q.After, math.MaxInt64), q.Limit)
	if err != nil {
		return stream.Page{}, unavailable("page "+string(id), err)
	}
	p, err := parts(reply, 2)
	if err != nil {
		return stream.Page{}, err
	}
	records, err := decodeRecords(p[1])
	return stream.Page{Records: records, More: p[0] == int64(1)}, err
}

// snapshot decodes {epoch, seq, time} and a document.
func snapshot(p []any, doc any) (stream.Snapshot, error) {
	seq, err := number(p[1])
	if err != nil {
		return stream.Snapshot{}, err
	}
	ts, err := number(p[2])
	if err != nil {
		return stream.Snapshot{}, err
	}
	now := stream.Snapshot{Position: stream.Position{Epoch: text(p[0]), Seq: seq}, TS: int64(ts)}
	if d, ok := doc.(string); ok {
		now.Doc = []byte(d)
	}
	return now, nil
}

// state decodes {epoch, seq, time, document, earlier epochs, committed}. The document and
// the elements after it may be missing.
func state(p []any) (stream.Snapshot, error) {
	p = append(p[:len(p):len(p)], nil, nil, nil)
	now, err := snapshot(p, p[3])
	if err != nil {
		return now, err
	}
	ends := strings.Fields(text(p[4]))
	for i := 0; i+1 < len(ends); i += 2 {
		seq, err := number(ends[i+1])
		if err != nil {
			return now, err
		}
		now.Past = append(now.Past, stream.Position{Epoch: ends[i], Seq: seq})
	}
	epoch, seq, _ := strings.Cut(text(p[5]), " ")
	if seq == strconv.FormatUint(now.Seq, 10) {
		now.Committed = epoch
	}
	return now, nil
}

// remembered decodes the once key of commit.lua: the result, and the name of the call that
// committed it. The name is "" in entries of older servers.
func remembered(entry string) (r stream.Result, by string, err error) {
	header, value, _ := strings.Cut(entry, "\n")
	f := strings.Fields(header)
	if len(f) == 3 {
		f = append(f, "")
	}
	if len(f) != 4 {
		return r, "", fmt.Errorf("%w: once %.100q", errReply, header)
	}
	at, err := snapshot([]any{f[0], f[1], f[2]}, nil)
	r = stream.Result{Position: at.Position, TS: at.TS}
	if value != "" {
		r.Value = []byte(value)
	}
	return r, f[3], err
}

// millis rounds up to milliseconds, because Redis refuses an expiry of 0.
func millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
