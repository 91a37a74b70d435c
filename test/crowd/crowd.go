package crowd

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
	"github.com/anteroom/anteroom/test/siotest/audit"
)

const (
	lobbies = 3
	members = 4 // of each lobby, over all servers
	// patience bounds waits without a promise of their own, and pollEvery is the interval
	// at which conditions are checked.
	patience  = 90 * time.Second
	pollEvery = 50 * time.Millisecond
	// sayEvery is the interval of each member's messages.
	sayEvery = 100 * time.Millisecond
	// moodEvery is the number of messages between a member's changes of its attribute.
	moodEvery = 5
)

// Site is the cluster of a crowd.
type Site struct {
	// Addresses are the addresses of the servers, or of their proxies.
	Addresses []string
	// Host is the host name of the requests; empty: the address.
	Host string
	// Token returns the token of a user.
	Token func(user string) string
}

// Crowd is the members of some lobbies, who send messages until they are stopped.
type Crowd struct {
	t       siotest.TB
	book    *audit.Book
	members []*member
	lobby   map[*member]string
	// stop ends the messages of the members, not their connections.
	stop    context.CancelFunc
	talking sync.WaitGroup
	// busy is held by each member from a request to its acknowledgement.
	busy sync.RWMutex
}

// Gather connects members to all addresses, creates lobbies of type "arena" and starts
// the messages. The members leave at the end of the test.
func Gather(t siotest.TB, site Site) *Crowd {
	t.Helper()
	c := &Crowd{t: t, book: audit.NewBook(), lobby: make(map[*member]string)}
	connected, cut := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() {
		cut()
		running.Wait()
	})
	for l := range lobbies {
		var lobby string
		for i := range members {
			name := fmt.Sprintf("m%d-%d", l, i)
			m := newMember(name, site)
			running.Go(func() { m.run(connected, l+i) })
			lobby = c.enter(m, lobby)
		}
	}
	var talk context.Context
	talk, c.stop = context.WithCancel(connected)
	for _, m := range c.members {
		c.talking.Go(func() { c.talk(talk, m) })
	}
	return c
}

// enter joins a member to a lobby, or creates a lobby, and subscribes to its chat.
func (c *Crowd) enter(m *member, lobby string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	if lobby == "" {
		var made answer
		if made, err = m.ask(ctx, "lobby:create", map[string]any{"type": "arena", "key": "create"}, true); err == nil {
			lobby = made.Meta.Stream[len("lobby:"):]
		}
	} else {
		_, err = m.ask(ctx, "lobby:join", map[string]any{"lobbyId": lobby, "key": "join"}, true)
	}
	if err == nil {
		_, err = m.ask(ctx, "chat:join", map[string]any{"channel": "lobby:" + lobby}, true)
	}
	if err != nil {
		c.t.Fatalf("%v", err)
	}
	c.members = append(c.members, m)
	c.lobby[m] = lobby
	return lobby
}

// talk sends a member's messages one after another; it repeats each until it is
// acknowledged, even after ctx has ended.
func (c *Crowd) talk(ctx context.Context, m *member) {
	tick := time.NewTicker(sayEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.busy.RLock()
		err := c.say(m, n)
		c.busy.RUnlock()
		if err != nil {
			m.Fault("%s gave up: %v", m.name, err)
			return
		}
	}
}

func (c *Crowd) say(m *member, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text := fmt.Sprintf("%s says %d", m.name, n)
	message := map[string]any{"channel": "lobby:" + c.lobby[m], "text": text, "key": text}
	a, err := m.ask(ctx, "chat:send", message, false)
	if err != nil {
		return err
	}
	c.book.Acked(audit.Event{Stream: a.Meta.Stream, At: a.Meta.Position, Text: text})
	if n%moodEvery == 0 {
		mood := map[string]any{"lobbyId": c.lobby[m], "attributes": map[string]string{"mood": fmt.Sprint(n)}, "key": fmt.Sprint("mood ", n)}
		_, err = m.ask(ctx, "lobby:setMember", mood, false)
	}
	return err
}

// Still waits until no request is pending and holds all members back until goOn is
// called.
func (c *Crowd) Still() (goOn func()) {
	c.busy.Lock()
	return c.busy.Unlock
}

// GoesOn waits until every member has received two more messages of each member of its
// lobby: the first of them was acknowledged, because a member sends sequentially.
func (c *Crowd) GoesOn(within time.Duration) {
	c.t.Helper()
	began := time.Now()
	received := make(map[*member]int)
	for _, m := range c.members {
		received[m] = len(m.Heard(c.chat(m)))
	}
	for {
		quiet := c.quiet(received)
		took := time.Since(began)
		switch {
		case quiet == "":
			c.t.Logf("all members send and receive after %v", took.Round(time.Millisecond))
			return
		case took > within:
			c.t.Errorf("after %v: %s", within, quiet)
			return
		}
		time.Sleep(pollEvery)
	}
}

// quiet names a member who received fewer than two messages of another member since then.
func (c *Crowd) quiet(since map[*member]int) string {
	for _, m := range c.members {
		said := make(map[string]int)
		for _, e := range m.Heard(c.chat(m))[since[m]:] {
			speaker, _, _ := strings.Cut(e.Text, " ")
			said[speaker]++
		}
		for _, other := range c.members {
			if c.lobby[other] == c.lobby[m] && said[other.name] < 2 {
				return fmt.Sprintf("%s received %d messages of %s", m.name, said[other.name], other.name)
			}
		}
	}
	return ""
}

func (c *Crowd) chat(m *member) string { return "chat:lobby:" + c.lobby[m] }

// behind lists the members who are behind the furthest member of their lobby.
func (c *Crowd) behind() []string {
	furthest := make(map[string]audit.Position)
	for _, m := range c.members {
		for stream, at := range m.Positions() {
			if at.Seq >= furthest[stream].Seq {
				furthest[stream] = at
			}
		}
	}
	var all []string
	for _, m := range c.members {
		for stream, at := range m.Positions() {
			if at.Seq < furthest[stream].Seq {
				all = append(all, fmt.Sprintf("%s is at seq %d of %s, others are at %d", m.name, at.Seq, stream, furthest[stream].Seq))
			}
		}
	}
	return all
}

// StaysConnected checks that no member has lost its connection so far.
func (c *Crowd) StaysConnected() {
	c.t.Helper()
	for _, m := range c.members {
		if cuts, _ := m.seen(); len(cuts) > 0 {
			c.t.Errorf("%s was cut: %v", m.name, cuts)
		}
	}
}

// Cuts returns the ends of all connections so far.
func (c *Crowd) Cuts() []Cut {
	var all []Cut
	for _, m := range c.members {
		cuts, _ := m.seen()
		all = append(all, cuts...)
	}
	return all
}

// WasRefused checks that every member received retryable refusals with these codes, and no
// other refusal.
func (c *Crowd) WasRefused(codes ...string) {
	c.t.Helper()
	for _, m := range c.members {
		_, refused := m.seen()
		others := maps.Clone(refused)
		for _, code := range codes {
			delete(others, code)
		}
		if len(refused) == 0 || len(others) > 0 {
			c.t.Errorf("%s: got refusals %v, want some, and only %v", m.name, refused, codes)
		}
	}
}

// Settle ends the messages and checks that every member received every message exactly
// once and in order, and that all members have the same positions.
func (c *Crowd) Settle() {
	c.t.Helper()
	c.stop()
	c.talking.Wait()
	for deadline := time.Now().Add(patience); len(c.behind()) > 0 && time.Now().Before(deadline); {
		time.Sleep(pollEvery)
	}
	for _, why := range c.behind() {
		c.t.Errorf("%s", why)
	}
	for _, m := range c.members {
		for _, fault := range m.Faults() {
			c.t.Errorf("%s: %s", m.name, fault)
		}
		for _, fault := range c.book.Check(m.name, c.chat(m), m.Heard(c.chat(m))) {
			c.t.Errorf("%s", fault)
		}
	}
	c.t.Logf("%d messages were acknowledged", c.book.Count())
}
