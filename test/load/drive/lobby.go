//go:build linux

package drive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Lobby is Anteroom's client contract, which the Node handler implements too: a room is a
// lobby whose members subscribe to its chat.
type Lobby struct {
	// Tokens are the clients' tokens, each of a separate user.
	Tokens []string
	// SetMember makes Say change an attribute of the member instead of chatting.
	SetMember bool
	// Dense requires that the seq of each push is the previous seq plus one.
	Dense bool

	// The last seq pushed to each client, by index; 0 before the first.
	chat, patch []uint64
}

// request is an unacknowledged request.
type request struct {
	at time.Time
	// done is called with the acknowledgement's JSON; nil for requests of the work.
	done func(ack []byte) error
}

// joinsAtOnce bounds the concurrent joins of a lobby.
const joinsAtOnce = 4

// Path implements [Dialect].
func (*Lobby) Path(*Client) string { return "/socket.io/?EIO=4&transport=websocket" }

// Opened implements [Dialect]: the server sends first.
func (*Lobby) Opened(*Client) error { return nil }

// Receive implements [Dialect].
func (d *Lobby) Receive(c *Client, payload []byte) error {
	switch {
	case bytes.HasPrefix(payload, []byte(`42["chat:message",`)):
		return d.pushed(c, payload, d.chat)
	case bytes.HasPrefix(payload, []byte(`42["lobby:patch",`)):
		return d.pushed(c, payload, d.patch)
	case bytes.HasPrefix(payload, []byte("43")):
		return c.load.acked(c, payload[2:])
	case bytes.HasPrefix(payload, []byte(`42["session:ready"`)):
		c.Ready()
		return nil
	case bytes.HasPrefix(payload, []byte(`42["session:`)), bytes.HasPrefix(payload, []byte(`42["lobby:removed"`)):
		return fmt.Errorf("client %d: %s", c.Index, payload)
	default:
		return c.socketIO(payload, fmt.Appendf(nil, `40{"token":%q,"protocol":1}`, d.token(c)))
	}
}

func (d *Lobby) token(c *Client) string { return d.Tokens[c.Index%len(d.Tokens)] }

// pushed checks the seq and counts the text, if there is one.
func (d *Lobby) pushed(c *Client, payload []byte, last []uint64) error {
	if d.Dense {
		seq, found := findSeq(payload)
		if was := last[c.Index]; !found || was > 0 && seq != was+1 {
			return fmt.Errorf("client %d: seq %d after %d: %.300s", c.Index, seq, was, payload)
		}
		last[c.Index] = seq
	}
	if bytes.IndexByte(payload, mark) < 0 {
		return nil // a member joined
	}
	return c.receivedText(payload)
}

// Say implements [Dialect].
func (d *Lobby) Say(c *Client, n uint64, due time.Time) error {
	b := c.load.ask(c.load.text[:0], nil)
	if d.SetMember {
		b = fmt.Appendf(b, `["lobby:setMember",{"lobbyId":%q,"attributes":{"mood":"`, c.Room.Name)
		return c.Send(append(appendShort(b, n), `"}}]`...))
	}
	b = fmt.Appendf(b, `["chat:send",{"channel":"lobby:%s","text":"`, c.Room.Name)
	return c.Send(append(appendText(b, n, due, c.load.TextSize), `"}]`...))
}

// Gather creates a lobby for each room, and returns when all members have joined and
// subscribed to its chat.
func (d *Lobby) Gather(l *Load) error {
	d.chat, d.patch = make([]uint64, len(l.clients)), make([]uint64, len(l.clients))
	g := &gathering{load: l, missing: len(l.clients)}
	for _, r := range l.rooms {
		if err := g.create(r); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(requestWithin)
	for g.missing > 0 {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d clients are not in their lobby after %v", g.missing, len(l.clients), requestWithin)
		}
		if err := l.step(100); err != nil {
			return err
		}
	}
	return nil
}

// gathering has the requests that fill lobbies.
type gathering struct {
	load    *Load
	missing int
}

func (g *gathering) create(r *Room) error {
	host := r.members[0]
	return g.request(host, "lobby:create", map[string]any{"type": "arena"}, func(ack []byte) error {
		var state struct {
			Data struct {
				Lobby struct {
					ID string `json:"id"`
				} `json:"lobby"`
			} `json:"data"`
		}
		if err := json.Unmarshal(ack, &state); err != nil || state.Data.Lobby.ID == "" {
			return fmt.Errorf("lobby:create: no id in %s: %w", ack, err)
		}
		r.Name = state.Data.Lobby.ID
		next := 1
		var join func() error
		join = func() error {
			if next >= len(r.members) {
				return nil
			}
			next++
			return g.join(r.members[next-1], join)
		}
		for range joinsAtOnce {
			if err := join(); err != nil {
				return err
			}
		}
		return g.follow(host)
	})
}

func (g *gathering) join(c *Client, after func() error) error {
	return g.request(c, "lobby:join", map[string]any{"lobbyId": c.Room.Name}, func([]byte) error {
		if err := g.follow(c); err != nil {
			return err
		}
		return after()
	})
}

func (g *gathering) follow(c *Client) error {
	return g.request(c, "chat:join", map[string]any{"channel": "lobby:" + c.Room.Name}, func([]byte) error {
		g.missing--
		return nil
	})
}

func (g *gathering) request(c *Client, event string, body any, done func(ack []byte) error) error {
	data, err := json.Marshal([]any{event, body})
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	return c.Send(append(g.load.ask(nil, done), data...))
}

// ask appends the head of a request to dst and stores its callback.
func (l *Load) ask(dst []byte, done func(ack []byte) error) []byte {
	l.nextAsk++
	l.asked[l.nextAsk] = request{at: time.Now(), done: done}
	return strconv.AppendUint(append(dst, "42"...), l.nextAsk, 10)
}

// acked processes an acknowledgement: its id and its only argument.
func (l *Load) acked(c *Client, packet []byte) error {
	open := bytes.IndexByte(packet, '[')
	if open < 0 {
		return fmt.Errorf("client %d: bad acknowledgement %s", c.Index, packet)
	}
	id, _ := strconv.ParseUint(string(packet[:open]), 10, 64)
	r, ok := l.asked[id]
	if !ok {
		return fmt.Errorf("client %d: an acknowledgement without a request: %s", c.Index, packet)
	}
	delete(l.asked, id)
	ack := bytes.TrimSuffix(packet[open+1:], []byte("]"))
	if !bytes.HasPrefix(ack, []byte(`{"ok":true`)) {
		return fmt.Errorf("client %d: a request was refused: %s", c.Index, strings.TrimSpace(string(ack)))
	}
	if r.done != nil {
		return r.done(ack)
	}
	l.work.committed(time.Since(r.at))
	return nil
}
