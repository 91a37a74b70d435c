package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

//go:embed lua/step.lua
var stepLua string

//go:embed lua/changed.lua
var changedLua string

//go:embed lua/acquire.lua
var acquireLua string

var (
	stepScript    = newScript(stepLua)
	changedScript = newScript(changedLua)
	acquireScript = newScript(acquireLua)
)

// bookTTL is how long a book is kept after its last change.
const bookTTL = 7 * 24 * time.Hour

// Records is records.Store on Redis: a hash for each table, a sorted set of keys by version
// for each followed table, and the lease, all on one node.
type Records struct {
	c        *Client
	followed []string
}

// Records returns the client's store of records. followed are the tables for which Changed works; the
// versions of other tables are not kept.
func (c *Client) Records(followed ...string) *Records { return &Records{c, followed} }

var _ records.Store = (*Records)(nil)

func (k keys) book(b records.Partition, part string) string {
	return k.tagged("book:"+string(b)) + ":" + part
}

func (k keys) made(b records.Partition, scope, key string) string {
	return k.book(b, "o:"+digest(scope, key))
}

func (k keys) records(b records.Partition, table string) string  { return k.book(b, "t:"+table) }
func (k keys) versions(b records.Partition, table string) string { return k.book(b, "v:"+table) }

// Apply implements records.Store. It does not repeat a step whose reply was lost:
// ErrUnavailable says that the step may have been executed.
func (l *Records) Apply(ctx context.Context, b records.Partition, s records.Txn) error {
	call := stepCall{l: l, book: b, index: map[string]int{}}
	call.keys = []string{l.c.keys.book(b, "lease"), l.c.keys.book(b, "counters"), l.c.keys.book(b, "o")}
	fence := ""
	if s.Fence != nil {
		fence = s.Fence.Holder + "/" + strconv.FormatInt(s.Fence.Token, 10)
	}
	call.args = []any{fence, millis(bookTTL), "", len(s.Changes)}
	if s.Once != nil {
		call.keys[2], call.args[2] = l.c.keys.made(b, s.Once.Scope, s.Once.Key), millis(s.Once.TTL)
	}
	for _, c := range s.Changes {
		call.change(c)
	}
	for _, bound := range s.Bounds {
		call.args = append(call.args, call.table(bound.Table), bound.Most)
	}
	reply, err := l.c.runCombined(ctx, stepScript, call.keys, call.args...)
	if err != nil {
		return unavailable("change the book "+string(b), err)
	}
	return call.outcome(reply)
}

// stepCall builds the call of step.lua for one step.
type stepCall struct {
	l      *Records
	book   records.Partition
	keys   []string
	args   []any
	tables []string
	index  map[string]int
}

// table returns a table's number in the call, and adds the table's keys on first use.
func (s *stepCall) table(name string) int {
	if at, known := s.index[name]; known {
		return at
	}
	s.tables = append(s.tables, name)
	s.index[name] = len(s.tables)
	records := s.l.c.keys.records(s.book, name)
	versions := records
	if slices.Contains(s.l.followed, name) {
		versions = s.l.c.keys.versions(s.book, name)
	}
	s.keys = append(s.keys, records, versions)
	return len(s.tables)
}

func (s *stepCall) change(c records.Change) {
	must, to := "is", "set"
	switch {
	case c.Any:
		must = "any"
	case c.Was == nil:
		must = "none"
	}
	if c.Value == nil {
		to = "del"
	}
	s.args = append(s.args, s.table(c.Table), c.Key, must, c.Was, to, c.Value)
}

func (s *stepCall) outcome(reply any) error {
	if reply == "ok" {
		return nil
	}
	p, err := parts(reply, 1)
	if err != nil {
		return err
	}
	switch word := text(p[0]); {
	case word == "fenced":
		return records.ErrFenced
	case word == "made":
		return records.ErrCommitted
	case word == "conflict" && len(p) == 3:
		return &records.ConflictError{Table: s.named(p[1]), Key: text(p[2])}
	case word == "full" && len(p) == 2:
		return &records.FullError{Table: s.named(p[1])}
	}
	return fmt.Errorf("%w: %v", errReply, reply)
}

func (s *stepCall) named(index any) string {
	if at, err := strconv.Atoi(text(index)); err == nil && at >= 1 && at <= len(s.tables) {
		return s.tables[at-1]
	}
	return ""
}

// Committed implements records.Store.
func (l *Records) Committed(ctx context.Context, b records.Partition, scope, key string) (bool, error) {
	n, err := l.c.rdb.Exists(ctx, l.c.keys.made(b, scope, key)).Result()
	return n > 0, unavailable("read the book "+string(b), err)
}

// Get implements records.Store.
func (l *Records) Get(ctx context.Context, b records.Partition, table string, keys ...string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	reply, err := l.c.doTogether(ctx, "hmget", l.c.keys.records(b, table), keys...)
	if err != nil {
		return nil, unavailable("read the book "+string(b), err)
	}
	values, err := parts(reply, len(keys))
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if s, there := v.(string); there {
			found[keys[i]] = []byte(s)
		}
	}
	return found, nil
}

// All implements records.Store.
func (l *Records) All(ctx context.Context, b records.Partition, table string) ([]records.Record, error) {
	all, err := l.c.rdb.HGetAll(ctx, l.c.keys.records(b, table)).Result()
	if err != nil {
		return nil, unavailable("read the book "+string(b), err)
	}
	found := make([]records.Record, 0, len(all))
	for key, value := range all {
		found = append(found, records.Record{Key: key, Value: []byte(value)})
	}
	return found, nil
}

// Count implements records.Store.
func (l *Records) Count(ctx context.Context, b records.Partition, table string) (int, error) {
	n, err := l.c.rdb.HLen(ctx, l.c.keys.records(b, table)).Result()
	return int(n), unavailable("count in the book "+string(b), err)
}

// Changed implements records.Store.
func (l *Records) Changed(ctx context.Context, b records.Partition, table string, mark uint64) (records.Changes, error) {
	if !slices.Contains(l.followed, table) {
		return records.Changes{}, fmt.Errorf("redisstore: changes of the table %s are not tracked", table)
	}
	reply, err := l.c.run(ctx, changedScript, []string{
		l.c.keys.records(b, table), l.c.keys.versions(b, table), l.c.keys.book(b, "counters"),
	}, strconv.FormatUint(mark, 10))
	if err != nil {
		return records.Changes{}, unavailable("read the changes of the book "+string(b), err)
	}
	p, err := parts(reply, 2)
	if err != nil {
		return records.Changes{}, err
	}
	changes := records.Changes{Full: text(p[1]) == "anew"}
	if changes.Mark, err = number(p[0]); err != nil {
		return records.Changes{}, err
	}
	for i := 2; i+1 < len(p); i += 2 {
		r := records.Record{Key: text(p[i])}
		if value, there := p[i+1].(string); there {
			r.Value = []byte(value)
		}
		changes.Records = append(changes.Records, r)
	}
	return changes, nil
}

// Acquire implements records.Store.
func (l *Records) Acquire(ctx context.Context, b records.Partition, holder string, ttl time.Duration) (records.Fence, bool, error) {
	reply, err := l.c.run(ctx, acquireScript,
		[]string{l.c.keys.book(b, "lease"), l.c.keys.book(b, "token")}, holder, millis(ttl))
	if err != nil {
		return records.Fence{}, false, unavailable("take the lease of the book "+string(b), err)
	}
	token, ok := reply.(int64)
	if !ok {
		return records.Fence{}, false, fmt.Errorf("%w: %v", errReply, reply)
	}
	return records.Fence{Holder: holder, Token: token}, token != 0, nil
}

// Release implements records.Store.
func (l *Records) Release(ctx context.Context, b records.Partition, f records.Fence) error {
	_, err := l.c.run(ctx, releaseScript, []string{l.c.keys.book(b, "lease")},
		f.Holder+"/"+strconv.FormatInt(f.Token, 10))
	return unavailable("release the lease of the book "+string(b), err)
}

// Holder implements records.Store.
func (l *Records) Holder(ctx context.Context, b records.Partition) (string, error) {
	held, err := l.c.rdb.Get(ctx, l.c.keys.book(b, "lease")).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if at := strings.LastIndexByte(held, '/'); at >= 0 {
		held = held[:at]
	}
	return held, unavailable("read the lease of the book "+string(b), err)
}
