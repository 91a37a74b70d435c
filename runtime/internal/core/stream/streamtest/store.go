package streamtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Commit implements stream.Store.
func (m *Memory) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	if err := c.Validate(); err != nil {
		return stream.Result{}, err
	}
	if err := m.lock(ctx); err != nil {
		return stream.Result{}, err
	}
	defer m.mu.Unlock()
	l, now := m.line(c.Stream), m.now()
	if r, known := m.repeated(c.Stream, c.Once, now); known {
		return r, nil
	}
	if m.late(ctx) {
		return stream.Result{}, stream.ErrFenced
	}
	if c.Expect != nil && (*c.Expect != l.seq() || c.Epoch != "" && c.Epoch != l.current().Epoch) {
		return stream.Result{}, &stream.ConflictError{Current: l.current()}
	}
	if left := m.bars[[2]string{string(c.Stream), c.Unless}].until.Sub(now); c.Unless != "" && left > 0 {
		return stream.Result{}, &stream.BarredError{For: left}
	}
	if m.outdated(c, now) {
		return stream.Result{}, stream.ErrOutdated
	}
	if err := m.spend(c.Stream, c.Rate, now); err != nil {
		return stream.Result{}, err
	}
	if l == nil {
		l = &line{snap: stream.Snapshot{Position: stream.Position{Epoch: m.epoch()}}}
		m.streams[c.Stream] = l
	}
	if c.Bar != nil {
		m.bars[[2]string{string(c.Stream), c.Bar.Key}] = barred{now.Add(c.Bar.TTL), c.Bar.By}
	}
	if o := c.Order; o != nil {
		m.orders[[2]string{string(c.Stream), o.Key}] = order{o.Value, now.Add(o.TTL)}
	}
	added := l.append(c, now)
	for bus := range m.buses {
		bus.publish(c.Stream, added)
	}
	return m.result(l, c, now), nil
}

// outdated reports whether the stream has a newer event of the commit's subject.
func (m *Memory) outdated(c stream.Commit, now time.Time) bool {
	if c.Order == nil {
		return false
	}
	was := m.orders[[2]string{string(c.Stream), c.Order.Key}]
	return c.Order.Value <= was.value && now.Before(was.ends)
}

// Cast implements stream.Caster.
func (m *Memory) Cast(ctx context.Context, id stream.ID, e stream.Event) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for bus := range m.buses {
		bus.publish(id, []stream.Record{{TS: m.now().UnixMilli(), Event: e}})
	}
	return nil
}

func (l *line) seq() uint64 {
	if l == nil {
		return 0
	}
	return l.snap.Seq
}

// current returns a copy of the snapshot.
func (l *line) current() stream.Snapshot {
	if l == nil {
		return stream.Snapshot{}
	}
	s := l.snap
	s.Doc = bytes.Clone(s.Doc)
	return s
}

// repeated returns the result of a commit that once remembers.
func (m *Memory) repeated(id stream.ID, once *stream.Once, now time.Time) (stream.Result, bool) {
	if once == nil {
		return stream.Result{}, false
	}
	was, ok := m.once[onceKey(id, once)]
	if !ok || !now.Before(was.ends) {
		return stream.Result{}, false
	}
	r := was.result
	r.Repeated, r.Value = true, bytes.Clone(r.Value)
	return r, true
}

func onceKey(id stream.ID, o *stream.Once) [3]string {
	return [3]string{string(id), o.Scope, o.Key}
}

// spend takes one commit from a budget. It uses GCRA: the stored time is the time at which
// the budget is full again.
func (m *Memory) spend(id stream.ID, r *stream.Rate, now time.Time) error {
	if r == nil {
		return nil
	}
	key := [2]string{string(id), r.Key}
	whole := m.budgets[key]
	if whole.Before(now) {
		whole = now
	}
	whole = whole.Add(r.Per / time.Duration(r.Events))
	if wait := whole.Add(-r.Per).Sub(now); wait > 0 {
		return &stream.RateError{RetryAfter: wait}
	}
	m.budgets[key] = whole
	return nil
}

// append writes the events and the document.
func (l *line) append(c stream.Commit, now time.Time) []stream.Record {
	l.snap.TS, l.snap.Committed = now.UnixMilli(), ""
	if c.Doc != nil {
		l.snap.Doc = bytes.Clone(c.Doc)
	}
	added := make([]stream.Record, 0, len(c.Events))
	for _, e := range c.Events {
		l.snap.Seq++
		e.Data = slices.Clone(e.Data)
		added = append(added, stream.Record{Position: l.snap.Position, TS: l.snap.TS, Event: e})
	}
	l.log = append(l.log, added...)
	if over := len(l.log) - c.Retain.LogSize; over > 0 {
		l.log = slices.Clone(l.log[over:])
	}
	l.logEnds, l.ends = now.Add(c.Retain.LogTTL), now.Add(c.Retain.TTL)
	return added
}

// result returns the result of the commit and stores it under the commit's Once.
func (m *Memory) result(l *line, c stream.Commit, now time.Time) stream.Result {
	r := stream.Result{Position: l.snap.Position, TS: l.snap.TS}
	if c.Once != nil {
		r.Value = bytes.Clone(c.Once.Value)
		m.once[onceKey(c.Stream, c.Once)] = first{result: r, ends: now.Add(c.Once.TTL)}
	}
	return r
}

// Load implements stream.Store.
func (m *Memory) Load(ctx context.Context, id stream.ID) (stream.Snapshot, error) {
	if err := m.lock(ctx); err != nil {
		return stream.Snapshot{}, err
	}
	defer m.mu.Unlock()
	l := m.line(id)
	if l == nil {
		return stream.Snapshot{}, fmt.Errorf("%s: %w", id, stream.ErrNotFound)
	}
	return l.current(), nil
}

// CatchUp implements stream.Store.
func (m *Memory) CatchUp(ctx context.Context, id stream.ID, from stream.Position) (stream.Catchup, error) {
	if err := m.lock(ctx); err != nil {
		return stream.Catchup{}, err
	}
	defer m.mu.Unlock()
	l := m.line(id)
	if l == nil {
		return stream.Catchup{Recovered: from == stream.Position{}}, nil
	}
	now := l.current()
	if !l.knows(from) {
		return stream.Catchup{Now: now}, nil
	}
	after := int(l.snap.Seq - from.Seq)
	if after > len(l.log) {
		return stream.Catchup{Now: now}, nil
	}
	now.Doc, now.Past, now.Committed = nil, nil, ""
	c := stream.Catchup{Recovered: true, Records: slices.Clone(l.log[len(l.log)-after:]), Now: now}
	if most := stream.Most(ctx); most > 0 {
		c.Cut(most)
	}
	return c, nil
}

// knows reports whether a position is part of this stream's history.
func (l *line) knows(p stream.Position) bool {
	seq, known := l.snap.Clamp(p)
	return known && seq == p.Seq
}

// Page implements stream.Store.
func (m *Memory) Page(ctx context.Context, id stream.ID, q stream.PageQuery) (stream.Page, error) {
	if err := q.Validate(); err != nil {
		return stream.Page{}, err
	}
	if err := m.lock(ctx); err != nil {
		return stream.Page{}, err
	}
	defer m.mu.Unlock()
	l := m.line(id)
	if l == nil {
		return stream.Page{}, nil
	}
	in := func(r stream.Record) bool {
		return r.Seq > q.After && (q.Before == 0 || r.Seq < q.Before)
	}
	var found []stream.Record
	for _, r := range l.log {
		if in(r) {
			found = append(found, r)
		}
	}
	page := stream.Page{Records: found}
	if over := len(found) - q.Limit; over > 0 {
		page.More = true
		if q.After > 0 {
			page.Records = found[:q.Limit]
		} else {
			page.Records = found[over:]
		}
	}
	return page, nil
}
