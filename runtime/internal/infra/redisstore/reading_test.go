package redisstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

func catchUp(t *testing.T, b *backend) {
	if c, err := b.CatchUp(t.Context(), room, stream.Position{}); err != nil || !cmp.Equal(c, stream.Catchup{Recovered: true}) {
		t.Errorf("no stream, from the zero position: %+v, %v", c, err)
	}
	if c, err := b.CatchUp(t.Context(), room, stream.Position{Epoch: "x", Seq: 1}); err != nil || !cmp.Equal(c, stream.Catchup{}) {
		t.Errorf("no stream, from another position: %+v, %v", c, err)
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
		"from 2^64-1":           {stream.Position{Epoch: now.Epoch, Seq: 1<<64 - 1}, false, ""},
		"from another epoch":    {stream.Position{Epoch: "other", Seq: 2}, false, ""},
		"from no epoch":         {stream.Position{Seq: 2}, false, ""},
	}
	for most, want := range map[int]int{1: 1, 400: 2, 1 << 20: 4} {
		c, err := b.CatchUp(stream.Within(t.Context(), most), room, stream.Position{})
		if err != nil || c.Now.Position != now.Position || (len(c.Records) < 4) != c.More || want != 2 && len(c.Records) != want || len(c.Records) == 0 {
			t.Errorf("within %d bytes: %+v, %v", most, c, err)
		}
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
			t.Errorf("beyond the log: %v\n%s", err, diff)
		}
	}
}

func page(t *testing.T, b *backend) {
	if p, err := b.Page(t.Context(), room, stream.PageQuery{Limit: 5}); err != nil || len(p.Records) != 0 || p.More {
		t.Errorf("no stream: %+v, %v", p, err)
	}
	for n := range 9 {
		c := numbered(room, n+1)
		c.Retain.LogSize = 6 // 4 to 9 remain
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
			t.Errorf("Page accepted %+v", q)
		}
	}
}

func retention(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Retain = stream.Retention{LogSize: 8, LogTTL: 50 * time.Millisecond, TTL: time.Minute}
	at := put(t, b, c).Position
	streamtest.Eventually(t, "the log expires", func() bool {
		got, err := b.CatchUp(t.Context(), room, stream.Position{})
		return err == nil && !got.Recovered && number(got.Now.Doc) == 1
	})
	if got, err := b.CatchUp(t.Context(), room, at); err != nil || !got.Recovered {
		t.Errorf("from the last seq: %+v, %v, want recovered", got, err)
	}
	c.Retain.TTL = c.Retain.LogTTL
	put(t, b, c)
	streamtest.Eventually(t, "the stream expires", func() bool {
		_, err := b.Load(t.Context(), room)
		return errors.Is(err, stream.ErrNotFound)
	})
	if r := put(t, b, numbered(room, 1)); r.Seq != 1 || r.Epoch == at.Epoch {
		t.Errorf("new stream at %+v, want seq 1 in another epoch than %s", r.Position, at.Epoch)
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
		t.Errorf("right after the flush: %+v, %v", c, err)
	}
	for n := range 3 {
		put(t, b, numbered(room, 10+n))
	}
	now := load(t, b, room)
	if now.Epoch == old.Epoch || now.Seq != 3 {
		t.Fatalf("after the flush: %+v, before: %+v", now.Position, old.Position)
	}
	c, err := b.CatchUp(t.Context(), room, old.Position)
	if err != nil || c.Recovered || number(c.Now.Doc) != 12 {
		t.Errorf("resumed: %+v, %v", c, err)
	}
	client.Arrives(t, now.Position)
	if len(client.Resets()) == 0 {
		t.Error("the client was not reset")
	}
}

// attachUnderLoad attaches and detaches followers at the beginning, the middle and the end
// of a stream, while two pods commit.
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

// manyStreams uses streams in all slots of a Cluster.
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
