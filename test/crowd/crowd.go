package crowd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
	"github.com/anteroom/anteroom/test/siotest/audit"
)

const (
	lobbies = 3
	members = 4 // of each lobby, over all servers
	// patience bounds waits that have no bound of their own to prove, and pollEvery is how
	// often what is waited for is looked at.
	patience  = 90 * time.Second
	pollEvery = 50 * time.Millisecond
	// sayEvery is how often each member says something.
	sayEvery = 100 * time.Millisecond
	// moodEvery is how many messages a member sends between changes of its attribute.
	moodEvery = 5
)

// Site is where a crowd meets.
type Site struct {
	// Addresses are those of the servers, or of what stands before them.
	Addresses []string
	// Host is what the members call the site; empty: its address.
	Host string
	// Token is a user's.
	Token func(user string) string
}

// Crowd is the members of some lobbies, who talk until they are told to stop.
type Crowd struct {
	t       siotest.TB
	book    *audit.Book
	members []*member
	lobby   map[*member]string
	// stop ends what the members say, not their connections.
	stop    context.CancelFunc
	talking sync.WaitGroup
	// busy is held by each member from a request to its acknowledgement.
	busy sync.RWMutex
}

// Gather connects members to all addresses, has them make lobbies of type "arena" and
// begin to talk. They leave with the test.
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

// enter has a member join a lobby, or make one, and follow its chat.
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

// talk has a member say one thing after another; each is asked again until it is
// acknowledged, also after ctx has ended.
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

// Still waits until nobody waits for an answer and holds everybody back until the
// function it gives is called.
func (c *Crowd) Still() (goOn func()) {
	c.busy.Lock()
	return c.busy.Unlock
}

// GoesOn waits until every member has heard two more messages of each member of its
// lobby: the first of them was acknowledged, since one waits for the other.
func (c *Crowd) GoesOn(within time.Duration) {
	c.t.Helper()
	began := time.Now()
	heard := make(map[*member]int)
	for _, m := range c.members {
		heard[m] = len(m.Heard(c.chat(m)))
	}
	for {
		quiet := c.quiet(heard)
		took := time.Since(began)
		switch {
		case quiet == "":
			c.t.Logf("everybody talks and hears after %v", took.Round(time.Millisecond))
			return
		case took > within:
			c.t.Errorf("after %v: %s", within, quiet)
			return
		}
		time.Sleep(pollEvery)
	}
}

// quiet names somebody who heard less than two messages of another since.
func (c *Crowd) quiet(since map[*member]int) string {
	for _, m := range c.members {
		said := make(map[string]int)
		for _, e := range m.Heard(c.chat(m))[since[m]:] {
			speaker, _, _ := strings.Cut(e.Text, " ")
			said[speaker]++
		}
		for _, other := range c.members {
			if c.lobby[other] == c.lobby[m] && said[other.name] < 2 {
				return fmt.Sprintf("%s heard %d messages of %s", m.name, said[other.name], other.name)
			}
		}
	}
	return ""
}

func (c *Crowd) chat(m *member) string { return "chat:lobby:" + c.lobby[m] }

// behind lists who is not where the furthest of its lobby is.
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

// StaysConnected checks that nobody lost its connection so far.
func (c *Crowd) StaysConnected() {
	c.t.Helper()
	for _, m := range c.members {
		if cuts, _ := m.seen(); len(cuts) > 0 {
			c.t.Errorf("%s was cut: %v", m.name, cuts)
		}
	}
}

// Cuts are the ends of all connections so far.
func (c *Crowd) Cuts() []Cut {
	var all []Cut
	for _, m := range c.members {
		cuts, _ := m.seen()
		all = append(all, cuts...)
	}
	return all
}

// WasRefused checks that everybody was told to retry with this code, and no other.
func (c *Crowd) WasRefused(code string) {
	c.t.Helper()
	for _, m := range c.members {
		if _, refused := m.seen(); len(refused) != 1 || refused[code] == 0 {
			c.t.Errorf("%s was refused with %v, and not only with %s", m.name, refused, code)
		}
	}
}

// Settle ends the talk and checks that everybody heard everything, exactly once and
// in order, and is where all others are.
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
