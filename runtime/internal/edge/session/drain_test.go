package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// leaver is a connection that appends itself to a shared list when it is closed.
type leaver struct {
	fakeConn
	name, transport string
	mu              *sync.Mutex
	left            *[]string
}

func (l *leaver) Lagging() bool     { return false }
func (l *leaver) Transport() string { return l.transport }

func (l *leaver) Close(reason wire.CloseReason) {
	l.fakeConn.Close(reason)
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.left = append(*l.left, l.name)
}

// leavers opens sessions of both transports.
func leavers(t *testing.T, m *Manager) (all []*leaver, left *[]string) {
	t.Helper()
	left = new([]string)
	mu := &sync.Mutex{}
	for _, name := range []string{"w1", "p1", "w2", "p2", "w3", "p3"} {
		transport := "websocket"
		if name[0] == 'p' {
			transport = "polling"
		}
		l := &leaver{name: name, transport: transport, mu: mu, left: left}
		s, err := m.Open(t.Context(), l, json.RawMessage(`{"token":"`+name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Closed(false) })
		all = append(all, l)
	}
	return all, left
}

func TestDrainTakesPollingFirstAndTellsEachItsTime(t *testing.T) {
	b := newBench(t)
	all, left := leavers(t, b.m)
	const window = 700 * time.Millisecond
	started := time.Now()
	if err := b.m.Drain(t.Context(), window); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took < window {
		t.Errorf("the window of %v was over after %v", window, took)
	}
	for i, name := range *left {
		if (name[0] == 'p') != (i < 3) {
			t.Errorf("closed in the order %v, want those that poll first", *left)
		}
	}
	var told []int64 // by the three that poll, the three others, and the bench's own
	for _, l := range all {
		notices := l.events(wire.EventSessionDraining)
		if len(notices) != 1 || l.reason() != wire.CloseDraining {
			t.Fatalf("%s was told %v and closed with %q", l.name, notices, l.reason())
		}
		var notice wire.SessionDraining
		if err := json.Unmarshal([]byte(notices[0]), &notice); err != nil {
			t.Fatal(err)
		}
		told = append(told, notice.ReconnectAfterMs)
	}
	slices.Sort(told)
	for i, after := range told {
		if i < 3 && after != int64(i)*100 || i >= 3 && after%100 != 0 || after >= window.Milliseconds() || slices.Contains(told[:i], after) {
			t.Errorf("clients are told to come back after %v ms, want even steps", told)
		}
	}
}

func TestDrainTakenBack(t *testing.T) {
	b := newBench(t)
	all, left := leavers(t, b.m)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.m.Drain(ctx, time.Hour) }()
	for _, l := range all {
		b.eventually("told of the drain", func() bool { return len(l.events(wire.EventSessionDraining)) == 1 })
	}
	if _, err := b.m.Open(t.Context(), &fakeConn{}, json.RawMessage(`{"token":"late"}`)); wire.CodeOf(err) != wire.CodeDraining {
		t.Errorf("a connect while draining: %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("drain ended with %v", err)
	}
	b.m.Resume()
	if len(*left) != 0 || b.m.Stats().Draining || b.m.Stats().Connections != len(all)+1 {
		t.Errorf("after it was taken back: %v closed, %+v", *left, b.m.Stats())
	}
	s, err := b.m.Open(t.Context(), &fakeConn{}, json.RawMessage(`{"token":"late"}`))
	if err != nil {
		t.Fatalf("a connect after that: %v", err)
	}
	s.Closed(false)
}

func TestTheNewestSessionsOfAll(t *testing.T) {
	b := newBench(t)
	all, _ := leavers(t, b.m)
	for i, s := range b.m.all() { // one of them is the bench's own
		s.since = int64(i)
	}
	list := b.m.Newest(3)
	if len(list) != 3 || list[0].Since != int64(len(all)) || list[2].Since != list[0].Since-2 || list[0].SessionID != "conn" || list[0].UserID == "" {
		t.Errorf("the newest are %+v", list)
	}
	if rest := b.m.Newest(100); len(rest) != len(all)+1 {
		t.Errorf("all are %+v", rest)
	}
}
