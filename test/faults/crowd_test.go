//go:build faults

package faults

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest/audit"
)

const (
	lobbies = 3
	members = 4 // of each lobby, over all servers
	// sayEvery is how often each member says something.
	sayEvery = 100 * time.Millisecond
	// moodEvery is how many messages a member sends between changes of its attribute.
	moodEvery = 5
)

// crowd is the members of some lobbies, who talk until they are told to stop.
type crowd struct {
	t       *testing.T
	book    *audit.Book
	members []*member
	lobby   map[*member]string
	// stop ends what the members say, not their connections.
	stop    context.CancelFunc
	talking sync.WaitGroup
	// busy is held by each member from a request to its acknowledgement.
	busy sync.RWMutex
}

// gather connects members to all servers, has them make lobbies and begin to talk.
func gather(t *testing.T, f *fleet) *crowd {
	t.Helper()
	c := &crowd{t: t, book: audit.NewBook(), lobby: make(map[*member]string)}
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
			m := newMember(name, token(t, name), f.addresses())
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
func (c *crowd) enter(m *member, lobby string) string {
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
		c.t.Fatal(err)
	}
	c.members = append(c.members, m)
	c.lobby[m] = lobby
	return lobby
}

// talk has a member say one thing after another; each is asked again until it is
// acknowledged, also after ctx has ended.
func (c *crowd) talk(ctx context.Context, m *member) {
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

func (c *crowd) say(m *member, n int) error {
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

// still waits until nobody waits for an answer and holds everybody back until the
// function it gives is called.
func (c *crowd) still() (goOn func()) {
	c.busy.Lock()
	return c.busy.Unlock
}

// goesOn waits until every member has heard two more messages of each member of its
// lobby: the first of them was acknowledged, since one waits for the other.
func (c *crowd) goesOn(within time.Duration) {
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
func (c *crowd) quiet(since map[*member]int) string {
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

func (c *crowd) chat(m *member) string { return "chat:lobby:" + c.lobby[m] }

// behind lists who is not where the furthest of its lobby is.
func (c *crowd) behind() []string {
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

// staysConnected checks that nobody lost its connection so far.
func (c *crowd) staysConnected() {
	c.t.Helper()
	for _, m := range c.members {
		if cuts, _ := m.seen(); len(cuts) > 0 {
			c.t.Errorf("%s was cut: %s", m.name, cuts)
		}
	}
}

// wasRefused checks that everybody was told to retry with this code, and no other.
func (c *crowd) wasRefused(code string) {
	c.t.Helper()
	for _, m := range c.members {
		if _, refused := m.seen(); len(refused) != 1 || refused[code] == 0 {
			c.t.Errorf("%s was refused with %v, and not only with %s", m.name, refused, code)
		}
	}
}

// settle ends the talk and checks that everybody heard everything, exactly once and
// in order, and is where all others are.
func (c *crowd) settle() {
	c.t.Helper()
	c.stop()
	c.talking.Wait()
	for deadline := time.Now().Add(patience); len(c.behind()) > 0 && time.Now().Before(deadline); {
		time.Sleep(pollEvery)
	}
	for _, why := range c.behind() {
		c.t.Error(why)
	}
	for _, m := range c.members {
		for _, fault := range m.Faults() {
			c.t.Errorf("%s: %s", m.name, fault)
		}
		for _, fault := range c.book.Check(m.name, c.chat(m), m.Heard(c.chat(m))) {
			c.t.Error(fault)
		}
	}
	c.t.Logf("%d messages were acknowledged", c.book.Count())
}
