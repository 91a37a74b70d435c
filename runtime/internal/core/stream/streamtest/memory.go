// Package streamtest keeps streams in memory with the semantics of the Redis store, for
// tests of domains and of the stream core.
//
// A Memory is the database. It implements stream.Store, stream.Names, stream.Sets,
// stream.Budgets and stream.Replies. Each pod of a test gets its own Bus and Deadlines.
package streamtest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Memory is an in-memory database of streams, safe for concurrent use.
type Memory struct {
	mu        sync.Mutex
	now       func() time.Time
	down      error
	steps     int // calls until it goes down; negative for never
	epochs    int
	streams   map[stream.ID]*line
	once      map[[3]string]first
	budgets   map[[2]string]time.Time
	bars      map[[2]string]barred
	buckets   map[[2]string]time.Time
	tries     map[[2]string]tries
	orders    map[[2]string]order
	names     map[[2]string]claim
	sets      map[string]*set
	replies   map[[2]string]reply
	deadlines map[stream.ID]time.Time
	leases    map[stream.ID]time.Time
	buses     map[*Bus]struct{}
}

// line is one stream.
type line struct {
	snap    stream.Snapshot
	log     []stream.Record // dense, the last is at snap.Seq
	logEnds time.Time
	ends    time.Time
}

// first is the result that a Once remembers.
type first struct {
	result stream.Result
	ends   time.Time
}

// order is the value that a stream remembers for an Order.
type order struct {
	value uint64
	ends  time.Time
}

// Option is an option of New.
type Option func(*Memory)

// WithClock replaces the wall clock.
func WithClock(now func() time.Time) Option { return func(m *Memory) { m.now = now } }

// New makes an empty Memory.
func New(opts ...Option) *Memory {
	m := &Memory{now: time.Now, steps: -1, buses: map[*Bus]struct{}{}}
	m.clear()
	for _, o := range opts {
		o(m)
	}
	return m
}

func (m *Memory) clear() {
	m.streams = map[stream.ID]*line{}
	m.once = map[[3]string]first{}
	m.budgets = map[[2]string]time.Time{}
	m.bars = map[[2]string]barred{}
	m.buckets = map[[2]string]time.Time{}
	m.tries = map[[2]string]tries{}
	m.orders = map[[2]string]order{}
	m.names = map[[2]string]claim{}
	m.sets = map[string]*set{}
	m.replies = map[[2]string]reply{}
	m.deadlines = map[stream.ID]time.Time{}
	m.leases = map[stream.ID]time.Time{}
}

// Flush deletes all data, as FLUSHALL does.
func (m *Memory) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

// SetDown makes every method fail with an error that wraps stream.ErrUnavailable, until it
// is called with false.
func (m *Memory) SetDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.steps = nil, -1
	if down {
		m.down = errDown
	}
}

// DownAfter sets the memory down after steps further calls. It simulates a process that is
// killed between two steps: the process can reach the store no more.
func (m *Memory) DownAfter(steps int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps = steps
}

// Down reports whether the memory is down.
func (m *Memory) Down() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.down != nil
}

var errDown = fmt.Errorf("memory store is down: %w", stream.ErrUnavailable)

// LoseSuffix removes the last n records of a stream and begins a new epoch, like a failover
// that loses writes that were not replicated. A stream without a record left is deleted.
// doc replaces the document.
func (m *Memory) LoseSuffix(id stream.ID, n int, doc []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.streams[id]
	if l == nil {
		return
	}
	if uint64(n) >= l.snap.Seq {
		delete(m.streams, id)
		return
	}
	l.log = l.log[:max(0, len(l.log)-n)]
	l.snap.Seq -= uint64(n)
	l.snap.Doc = doc
	// Epochs that began after the last kept record are lost as well.
	for len(l.snap.Past) > 0 && l.snap.Past[0].Seq > l.snap.Seq {
		l.snap.Epoch, l.snap.Past = l.snap.Past[0].Epoch, l.snap.Past[1:]
	}
	if len(l.log) > 0 {
		l.snap.Committed = l.log[len(l.log)-1].Epoch
	}
	m.begin(l)
}

// Restart begins a new epoch of every stream without a loss, like a restart of a store that
// has kept every write.
func (m *Memory) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.streams {
		m.begin(l)
	}
}

// maxPast is the number of earlier epochs that a stream remembers.
const maxPast = 7

// begin ends the current epoch of a stream and begins the next.
func (m *Memory) begin(l *line) {
	past := append([]stream.Position{l.snap.Position}, l.snap.Past...)
	l.snap.Past = past[:min(len(past), maxPast)]
	l.snap.Committed = l.snap.CommittedIn()
	l.snap.Epoch = m.epoch()
}

// epoch returns the name of a new epoch.
func (m *Memory) epoch() string {
	m.epochs++
	return fmt.Sprintf("e%d", m.epochs)
}

// lock takes the lock for one call, unless the memory is down or ctx has ended.
func (m *Memory) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", stream.ErrUnavailable, err)
	}
	m.mu.Lock()
	if m.steps == 0 {
		m.down = errDown
	}
	if m.down != nil {
		defer m.mu.Unlock()
		return m.down
	}
	m.steps--
	return nil
}

// lockToWrite is lock for a call that writes: it also checks the context's fence.
func (m *Memory) lockToWrite(ctx context.Context) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	if m.late(ctx) {
		m.mu.Unlock()
		return stream.ErrFenced
	}
	return nil
}

// late reports whether the context's fence has passed.
func (m *Memory) late(ctx context.Context) bool {
	at := stream.FencedAt(ctx)
	return at != 0 && m.now().UnixMilli() > at
}

// line returns a stream that has not expired; nil otherwise.
func (m *Memory) line(id stream.ID) *line {
	l := m.streams[id]
	if l == nil {
		return nil
	}
	now := m.now()
	if !now.Before(l.ends) {
		delete(m.streams, id)
		return nil
	}
	if !now.Before(l.logEnds) {
		l.log = nil
	}
	return l
}
