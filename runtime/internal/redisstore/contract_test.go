package redisstore_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/stream/streamtest"
)

// contract is what every implementation of the ports must do.
var contract = map[string]func(t *testing.T, b *backend){
	"commit and load":             commitAndLoad,
	"a commit keeps the document": keepsDocument,
	"expected seq":                expectedSeq,
	"concurrent commits":          concurrentCommits,
	"concurrent updates":          concurrentUpdates,
	"once":                        once,
	"once under contention":       onceContended,
	"rate":                        rate,
	"catch up":                    catchUp,
	"catch up beyond the log":     catchUpBeyond,
	"page":                        page,
	"retention":                   retention,
	"invalid commits":             invalidCommits,
	"control":                     control,
	"flush":                       flush,
	"attach under load":           attachUnderLoad,
	"many streams":                manyStreams,
	"names":                       names,
	"sets":                        sets,
	"replies":                     replies,
	"deadlines":                   deadlines,
	"deadlines of a dead pod":     deadTaker,
}

func TestContract(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(backends)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := backends[name](t)
			for _, rule := range slices.Sorted(maps.Keys(contract)) {
				t.Run(rule, func(t *testing.T) { contract[rule](t, fresh(t)) })
			}
		})
	}
}

const room = stream.ID("lobby:room")

func commitAndLoad(t *testing.T, b *backend) {
	if _, err := b.Load(t.Context(), room); !errors.Is(err, stream.ErrNotFound) {
		t.Fatalf("before: %v", err)
	}
	first, err := b.Commit(t.Context(), numbered(room, 1))
	if err != nil || first.Seq != 1 || first.Epoch == "" || first.TS == 0 || first.Repeated {
		t.Fatalf("first: %+v, %v", first, err)
	}
	c := numbered(room, 2)
	c.Events = []stream.Event{event(21), event(22), event(2)}
	second, err := b.Commit(t.Context(), c)
	if err != nil || second.Seq != 4 || second.Epoch != first.Epoch || second.TS < first.TS {
		t.Fatalf("second: %+v, %v", second, err)
	}
	now, err := b.Load(t.Context(), room)
	want := stream.Snapshot{Position: second.Position, TS: second.TS, Doc: []byte(`{"n":2}`)}
	if diff := cmp.Diff(want, now); diff != "" || err != nil {
		t.Errorf("load: %v\n%s", err, diff)
	}
}

func keepsDocument(t *testing.T, b *backend) {
	put(t, b, numbered(room, 1))
	c := numbered(room, 2)
	c.Doc = nil
	put(t, b, c)
	if now := load(t, b, room); number(now.Doc) != 1 || now.Seq != 2 {
		t.Errorf("got %s at %d", now.Doc, now.Seq)
	}
	c.Stream = "chat:room"
	put(t, b, c)
	if now := load(t, b, c.Stream); now.Doc != nil {
		t.Errorf("a stream without a document has %q", now.Doc)
	}
}

func expectedSeq(t *testing.T, b *backend) {
	expect := func(seq uint64) stream.Commit {
		c := numbered(room, int(seq)+1)
		c.Expect = &seq
		return c
	}
	var conflict *stream.ConflictError
	_, err := b.Commit(t.Context(), expect(3))
	if !errors.As(err, &conflict) || !cmp.Equal(conflict.Current, stream.Snapshot{}) {
		t.Fatalf("no stream, expected 3: %v", err)
	}
	first, err := b.Commit(t.Context(), expect(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{0, 2, 1 << 62} {
		_, err = b.Commit(t.Context(), expect(seq))
		if !errors.As(err, &conflict) || !errors.Is(err, stream.ErrConflict) {
			t.Fatalf("at 1, expected %d: %v", seq, err)
		}
		want := stream.Snapshot{Position: first.Position, TS: first.TS, Doc: []byte(`{"n":1}`)}
		if diff := cmp.Diff(want, conflict.Current); diff != "" {
			t.Errorf("current: %s", diff)
		}
	}
	if r, err := b.Commit(t.Context(), expect(1)); err != nil || r.Seq != 2 {
		t.Errorf("at 1, expected 1: %+v, %v", r, err)
	}
}

// writers run f at once and wait for all.
func writers(n int, f func(writer int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func concurrentCommits(t *testing.T, b *backend) {
	const each, count = 25, 8
	seen := make([][]uint64, count)
	writers(count, func(w int) {
		for range each {
			r, err := b.Commit(t.Context(), numbered(room, w))
			if err != nil {
				t.Error(err)
				return
			}
			seen[w] = append(seen[w], r.Seq)
		}
	})
	all := slices.Concat(seen...)
	slices.Sort(all)
	for i, seq := range all {
		if seq != uint64(i+1) {
			t.Fatalf("seqs are not dense: %v", all)
		}
	}
	if len(all) != each*count {
		t.Errorf("%d commits", len(all))
	}
}

func concurrentUpdates(t *testing.T, b *backend) {
	put(t, b, numbered(room, 0))
	type tally struct {
		N int `json:"n"`
	}
	const each, count = 10, 3
	writers(count, func(int) {
		for range each {
			_, err := stream.Update(t.Context(), b, room, stream.JSON[tally](), nil,
				func(_ stream.Snapshot, s tally) (stream.Change[tally], error) {
					s.N++
					return stream.Change[tally]{State: s, Events: []stream.Event{event(s.N)}, Retain: keep}, nil
				})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if now := load(t, b, room); number(now.Doc) != each*count || now.Seq != each*count+1 {
		t.Errorf("got %s at %d", now.Doc, now.Seq)
	}
}

func once(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Once = &stream.Once{Scope: "ann", Key: "k", Value: []byte("ack\nof 1"), TTL: time.Minute}
	first := put(t, b, c)
	put(t, b, numbered(room, 2))
	zero := uint64(0)
	again := numbered(room, 3)
	again.Expect, again.Once = &zero, &stream.Once{Scope: "ann", Key: "k", Value: []byte("other"), TTL: time.Minute}
	got, err := b.Commit(t.Context(), again)
	first.Repeated = true
	if diff := cmp.Diff(first, got); diff != "" || err != nil {
		t.Errorf("again: %v\n%s", err, diff)
	}
	other := numbered(room, 4)
	other.Once = &stream.Once{Scope: "bob", Key: "k", TTL: time.Minute}
	if r := put(t, b, other); r.Repeated || r.Seq != 3 || r.Value != nil {
		t.Errorf("the same key of another user: %+v", r)
	}
	elsewhere := c
	elsewhere.Stream = "lobby:elsewhere"
	if r := put(t, b, elsewhere); r.Repeated {
		t.Errorf("the same key on another stream: %+v", r)
	}
}

func onceContended(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Once = &stream.Once{Scope: "ann", Key: "k", Value: []byte("v"), TTL: time.Minute}
	writers(8, func(int) {
		if r, err := b.Commit(t.Context(), c); err != nil || r.Seq != 1 || string(r.Value) != "v" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	if now := load(t, b, room); now.Seq != 1 {
		t.Errorf("it happened %d times", now.Seq)
	}
}

func rate(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Rate = &stream.Rate{Key: "ann", Events: 3, Per: time.Hour}
	for range 3 {
		put(t, b, c)
	}
	_, err := b.Commit(t.Context(), c)
	var limit *stream.RateError
	if !errors.As(err, &limit) || limit.RetryAfter <= 19*time.Minute || limit.RetryAfter > 20*time.Minute {
		t.Fatalf("the fourth: %v", err)
	}
	c.Rate = &stream.Rate{Key: "bob", Events: 3, Per: time.Hour}
	put(t, b, c)
	if now := load(t, b, room); now.Seq != 4 {
		t.Errorf("at %d after 4 commits and a refusal", now.Seq)
	}
	// A refusal costs nothing, and time gives the budget back.
	c.Rate = &stream.Rate{Key: "eve", Events: 1, Per: 50 * time.Millisecond}
	put(t, b, c)
	put(t, b, c)
}

func catchUp(t *testing.T, b *backend) {
	if c, err := b.CatchUp(t.Context(), room, stream.Position{}); err != nil || !cmp.Equal(c, stream.Catchup{Recovered: true}) {
		t.Errorf("no stream, from nothing: %+v, %v", c, err)
	}
	if c, err := b.CatchUp(t.Context(), room, stream.Position{Epoch: "x", Seq: 1}); err != nil || !cmp.Equal(c, stream.Catchup{}) {
		t.Errorf("no stream, from somewhere: %+v, %v", c, err)
	}
	for n := range 4 {
		put(t, b, numbered(room, n+1))
	}
	now := load(t, b, room)
	cases := map[string]struct {
		from      stream.Position
		recovered bool
		records   string
	}{
		"from the beginning":    {stream.Position{}, true, `1:{"n":1} 2:{"n":2} 3:{"n":3} 4:{"n":4}`},
		"from the middle":       {stream.Position{Epoch: now.Epoch, Seq: 2}, true, `3:{"n":3} 4:{"n":4}`},
		"from before the first": {stream.Position{Epoch: now.Epoch}, true, `1:{"n":1} 2:{"n":2} 3:{"n":3} 4:{"n":4}`},
		"from now":              {now.Position, true, ""},
		"from the future":       {stream.Position{Epoch: now.Epoch, Seq: 5}, false, ""},
		"from far":              {stream.Position{Epoch: now.Epoch, Seq: 1<<64 - 1}, false, ""},
		"from another epoch":    {stream.Position{Epoch: "other", Seq: 2}, false, ""},
		"from no epoch":         {stream.Position{Seq: 2}, false, ""},
	}
	for name, tc := range cases {
		c, err := b.CatchUp(t.Context(), room, tc.from)
		if err != nil || c.Recovered != tc.recovered || data(c.Records) != tc.records || c.Now.Position != now.Position {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if (c.Now.Doc == nil) != tc.recovered {
			t.Errorf("%s: document %q", name, c.Now.Doc)
		}
	}
}

func catchUpBeyond(t *testing.T, b *backend) {
	for n := range 10 {
		c := numbered(room, n+1)
		c.Retain.LogSize = 4
		put(t, b, c)
	}
	now := load(t, b, room)
	at := func(seq uint64) stream.Position { return stream.Position{Epoch: now.Epoch, Seq: seq} }
	c, err := b.CatchUp(t.Context(), room, at(6))
	if err != nil || !c.Recovered || len(c.Records) != 4 || c.Records[0].Seq != 7 {
		t.Errorf("at the log's bound: %+v, %v", c, err)
	}
	for _, from := range []stream.Position{at(5), {}} {
		c, err = b.CatchUp(t.Context(), room, from)
		if diff := cmp.Diff(stream.Catchup{Now: now}, c); diff != "" || err != nil {
			t.Errorf("beyond it: %v\n%s", err, diff)
		}
	}
}

func page(t *testing.T, b *backend) {
	if p, err := b.Page(t.Context(), room, stream.PageQuery{Limit: 5}); err != nil || len(p.Records) != 0 || p.More {
		t.Errorf("no stream: %+v, %v", p, err)
	}
	for n := range 9 {
		c := numbered(room, n+1)
		c.Retain.LogSize = 6 // 4 to 9 are left
		put(t, b, c)
	}
	cases := []struct {
		q           stream.PageQuery
		first, last uint64
		more        bool
	}{
		{stream.PageQuery{Limit: 3}, 7, 9, true},
		{stream.PageQuery{Limit: 6}, 4, 9, false},
		{stream.PageQuery{Limit: 100}, 4, 9, false},
		{stream.PageQuery{Before: 8, Limit: 2}, 6, 7, true},
		{stream.PageQuery{Before: 6, Limit: 5}, 4, 5, false},
		{stream.PageQuery{Before: 4, Limit: 5}, 0, 0, false},
		{stream.PageQuery{Before: 100, Limit: 2}, 8, 9, true},
		{stream.PageQuery{After: 5, Limit: 2}, 6, 7, true},
		{stream.PageQuery{After: 7, Limit: 2}, 8, 9, false},
		{stream.PageQuery{After: 1, Limit: 2}, 4, 5, true},
		{stream.PageQuery{After: 9, Limit: 2}, 0, 0, false},
		{stream.PageQuery{After: 100, Limit: 2}, 0, 0, false},
	}
	for _, tc := range cases {
		p, err := b.Page(t.Context(), room, tc.q)
		if err != nil {
			t.Fatal(err)
		}
		var first, last uint64
		if n := len(p.Records); n > 0 {
			first, last = p.Records[0].Seq, p.Records[n-1].Seq
		}
		if first != tc.first || last != tc.last || p.More != tc.more {
			t.Errorf("%+v: %d to %d, more %v", tc.q, first, last, p.More)
		}
	}
	for _, q := range []stream.PageQuery{{}, {Limit: -1}, {Before: 1, After: 1, Limit: 1}, {Limit: 1 << 20}} {
		if _, err := b.Page(t.Context(), room, q); err == nil {
			t.Errorf("%+v was taken", q)
		}
	}
}

func retention(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Retain = stream.Retention{LogSize: 8, LogTTL: 50 * time.Millisecond, TTL: time.Minute}
	at := put(t, b, c).Position
	streamtest.Eventually(t, "the log ends", func() bool {
		got, err := b.CatchUp(t.Context(), room, stream.Position{})
		return err == nil && !got.Recovered && number(got.Now.Doc) == 1
	})
	if got, err := b.CatchUp(t.Context(), room, at); err != nil || !got.Recovered {
		t.Errorf("who has all of it is recovered: %+v, %v", got, err)
	}
	c.Retain.TTL = c.Retain.LogTTL
	put(t, b, c)
	streamtest.Eventually(t, "the stream ends", func() bool {
		_, err := b.Load(t.Context(), room)
		return errors.Is(err, stream.ErrNotFound)
	})
	if r := put(t, b, numbered(room, 1)); r.Seq != 1 || r.Epoch == at.Epoch {
		t.Errorf("begun again at %+v, was in epoch %s", r.Position, at.Epoch)
	}
}

func invalidCommits(t *testing.T, b *backend) {
	cases := map[string]func(c *stream.Commit){
		"no kind":         func(c *stream.Commit) { c.Stream = "room" },
		"braces":          func(c *stream.Commit) { c.Stream = "chat:{x}" },
		"no events":       func(c *stream.Commit) { c.Events = nil },
		"too many events": func(c *stream.Commit) { c.Events = make([]stream.Event, 17) },
		"event name":      func(c *stream.Commit) { c.Events[0].Name = "a b" },
		"event data":      func(c *stream.Commit) { c.Events[0].Data = []byte("1") },
		"no log":          func(c *stream.Commit) { c.Retain.LogSize = 0 },
		"no TTL":          func(c *stream.Commit) { c.Retain.TTL = 0 },
		"once":            func(c *stream.Commit) { c.Once = &stream.Once{} },
		"rate":            func(c *stream.Commit) { c.Rate = &stream.Rate{} },
	}
	for name, spoil := range cases {
		c := numbered(room, 1)
		spoil(&c)
		if _, err := b.Commit(t.Context(), c); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := b.Load(t.Context(), room); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("something was written: %v", err)
	}
}

func control(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Events[0].Control = stream.Control{Unfollow: []stream.ID{"chat:lobby:x", room}}
	c.Events[0].Data = []byte("{\"text\":\"a b\",\n\"n\":1}")
	hub := streamtest.StartHub(t, b, b.newBus())
	live := streamtest.Follow(t, hub, room, stream.Position{})
	at := put(t, b, c).Position
	live.Arrives(t, at)
	got, err := b.CatchUp(t.Context(), room, stream.Position{})
	if err != nil {
		t.Fatal(err)
	}
	for _, records := range [][]stream.Record{live.Records(), got.Records} {
		if diff := cmp.Diff(c.Events[0], records[0].Event); diff != "" {
			t.Error(diff)
		}
	}
}

func flush(t *testing.T, b *backend) {
	hub := streamtest.StartHub(t, b, b.newBus())
	put(t, b, numbered(room, 1))
	client := streamtest.Follow(t, hub, room, stream.Position{})
	old := put(t, b, numbered(room, 2))
	client.Arrives(t, old.Position)
	b.flush()
	if c, err := b.CatchUp(t.Context(), room, old.Position); err != nil || c.Recovered {
		t.Errorf("right after: %+v, %v", c, err)
	}
	for n := range 3 {
		put(t, b, numbered(room, 10+n))
	}
	now := load(t, b, room)
	if now.Epoch == old.Epoch || now.Seq != 3 {
		t.Fatalf("after: %+v, before: %+v", now.Position, old.Position)
	}
	c, err := b.CatchUp(t.Context(), room, old.Position)
	if err != nil || c.Recovered || number(c.Now.Doc) != 12 {
		t.Errorf("resumed: %+v, %v", c, err)
	}
	client.Arrives(t, now.Position)
	if len(client.Resets()) == 0 {
		t.Error("the client was not told")
	}
}

// attachUnderLoad has followers come and go, from the beginning, the middle and now,
// while commits run from two pods.
func attachUnderLoad(t *testing.T, b *backend) {
	hubs := []*stream.Hub{
		streamtest.StartHub(t, b, b.newBus(), stream.WithLinger(time.Millisecond)),
		streamtest.StartHub(t, b, b.newBus()),
	}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	for w := range 2 {
		writing.Go(func() {
			for ctx.Err() == nil {
				put(t, b, numbered(room, w))
			}
		})
	}
	var clients []*streamtest.Client
	for i := range 60 {
		var from stream.Position
		if len(clients) > 2 && i%3 == 0 {
			from = clients[0].At()
			clients[0].Detach()
			clients = clients[1:]
		}
		clients = append(clients, streamtest.Follow(t, hubs[i%2], room, from))
	}
	stop()
	writing.Wait()
	last := put(t, b, numbered(room, 9))
	for _, c := range clients {
		c.Arrives(t, last.Position)
	}
}

// manyStreams spreads over all slots of a Cluster.
func manyStreams(t *testing.T, b *backend) {
	hub := streamtest.StartHub(t, b, b.newBus())
	const count = 200
	clients := make([]*streamtest.Client, count)
	writers(8, func(w int) {
		for i := w; i < count; i += 8 {
			clients[i] = streamtest.Follow(t, hub, streamID(i), stream.Position{})
		}
	})
	for i, c := range clients {
		c.Arrives(t, put(t, b, numbered(streamID(i), i)).Position)
	}
	for _, c := range clients {
		c.Detach()
	}
}

func streamID(i int) stream.ID {
	return stream.ID("chat:" + string(rune('a'+i%26)) + "-" + string(rune('a'+i/26)))
}
