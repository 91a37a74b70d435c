package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// topics are the chat topics, feeds the topics of notifications.
var topics, feeds = []string{"topic:news", "topic:help"}, []string{"offers", "results"}

func init() {
	maps.Copy(acts, map[string]func(*user, *device, plan.Step) bool{
		"chat:join": func(u *user, d *device, s plan.Step) bool {
			u.ask(d, wire.EventChatJoin, m{"channel": u.channel(s.Pick[0], s.Pick[1])}, false, s.Repeat)
			return true
		},
		"chat:leave": func(u *user, d *device, s plan.Step) bool {
			u.ask(d, wire.EventChatLeave, m{"channel": u.channel(s.Pick[0], s.Pick[1])}, false, s.Repeat)
			return true
		},
		"chat:send": func(u *user, d *device, s plan.Step) bool {
			u.send(d, u.channel(s.Pick[0], s.Pick[1]), s)
			return true
		},
		"chat:edit":    onMessage(wire.EventChatEdit, true),
		"chat:delete":  onMessage(wire.EventChatDelete, true),
		"chat:react":   onMessage(wire.EventChatReact, false),
		"chat:read":    onMessage(wire.EventChatRead, false),
		"chat:history": onMessage(wire.EventChatHistory, false),
		"chat:typing": func(u *user, d *device, s plan.Step) bool {
			d.act(func(session *session) {
				body := m{"channel": u.channel(s.Pick[0], s.Pick[1])}
				go func() { _ = session.client.Emit(wire.EventChatTyping, body, nil) }() // needs no answer
			})
			return true
		},
		"presence:set":       setPresence,
		"presence:subscribe": subscribePresence,
		"presence:get": func(u *user, d *device, s plan.Step) bool {
			u.ask(d, wire.EventPresenceGet, m{"userIds": u.some(s.Pick[0])}, false, s.Repeat)
			return true
		},
		"notify:list": func(u *user, d *device, s plan.Step) bool {
			u.ask(d, wire.EventNotifyList, m{"limit": 20}, false, s.Repeat)
			return true
		},
		"notify:ack":         onNote(wire.EventNotifyAck),
		"notify:read":        onNote(wire.EventNotifyRead),
		"notify:delete":      onNote(wire.EventNotifyDelete),
		"notify:subscribe":   onFeed(wire.EventNotifySubscribe),
		"notify:unsubscribe": onFeed(wire.EventNotifyUnsubscribe),
		"api:notify": func(u *user, _ *device, s plan.Step) bool {
			other, _ := choose(u.run.users, s.Pick[0])
			u.run.api.notify(s, m{"userIds": []string{other.name}})
			return true
		},
		"api:topic": func(u *user, _ *device, s plan.Step) bool {
			feed, _ := choose(feeds, s.Pick[0])
			u.run.api.notify(s, m{"topic": feed})
			return true
		},
		"api:event": func(u *user, _ *device, s plan.Step) bool {
			other, _ := choose(u.run.users, s.Pick[0])
			u.run.api.event(s, other.name)
			return true
		},
	})
}

// channel chooses a channel: of a lobby or party of the user, a topic, or a direct
// channel.
func (u *user) channel(pick, which float64) string {
	if l, ok := choose(u.views(), which); ok && pick < 0.5 {
		return "lobby:" + l.ID
	}
	if pick < 0.7 {
		u.mu.Lock()
		party := u.party
		u.mu.Unlock()
		if party != nil {
			return "party:" + party.ID
		}
	}
	if pick < 0.85 {
		topic, _ := choose(topics, which)
		return topic
	}
	other, _ := choose(u.run.users[:min(len(u.run.users), 6)], which)
	return direct(u.name, other.name)
}

func direct(a, b string) string { return fmt.Sprintf("direct:%s:%s", min(a, b), max(a, b)) }

// send sends a message whose text is its key, and therefore unique.
func (u *user) send(d *device, channel string, s plan.Step) {
	if channel == direct(u.name, u.name) {
		channel = topics[0]
	}
	o := u.ask(d, wire.EventChatSend, m{"channel": channel, "text": fmt.Sprintf("%s says %d", u.name, s.N)}, true, s.Repeat)
	if o.is == trace.OK {
		sent := message{channel: channel, seq: uint64(o.number("seq")), id: o.text("id")}
		u.mu.Lock()
		u.sent = append(u.sent, sent)
		u.mu.Unlock()
		u.run.board.say(sent)
	}
}

// onMessage returns an act on a message: an own one, or one of a channel of the user.
func onMessage(event string, own bool) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		u.mu.Lock()
		all := slices.Clone(u.sent)
		u.mu.Unlock()
		if !own {
			channel := u.channel(s.Pick[0], s.Pick[1])
			u.run.board.mu.Lock()
			all = slices.DeleteFunc(slices.Clone(u.run.board.messages), func(m message) bool { return m.channel != channel })
			u.run.board.mu.Unlock()
		}
		one, ok := choose(all[max(0, len(all)-8):], s.Pick[2])
		if !ok {
			return false
		}
		body := m{"channel": one.channel, "seq": one.seq}
		switch event {
		case wire.EventChatRead:
		case wire.EventChatHistory:
			body = m{"channel": one.channel, "before": one.seq + 1, "limit": 10}
		case wire.EventChatEdit:
			body["id"], body["text"] = one.id, fmt.Sprintf("%s edits %d", u.name, s.N)
		case wire.EventChatReact:
			body["id"], body["reaction"], body["remove"] = one.id, word(s.Pick[3]), s.Pick[1] < 0.2
		default:
			body["id"] = one.id
		}
		u.ask(d, event, body, event != wire.EventChatRead && event != wire.EventChatHistory, s.Repeat)
		return true
	}
}

// some chooses a few users.
func (u *user) some(pick float64) []string {
	at := int(pick * float64(len(u.run.users)))
	var names []string
	for i := range 5 {
		names = append(names, u.run.users[(at+i)%len(u.run.users)].name)
	}
	return names
}

func setPresence(u *user, d *device, s plan.Step) bool {
	body := m{"text": fmt.Sprintf("mood %d", s.N)}
	if s.Pick[0] < 0.3 {
		body["status"] = []string{"online", "busy"}[int(2*s.Pick[1])]
	}
	o := u.ask(d, wire.EventPresenceSet, body, true, s.Repeat)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.want.certain = o.is == trace.OK
	u.want.text = text(body["text"])
	return true
}

func subscribePresence(u *user, d *device, s plan.Step) bool {
	u.ask(d, wire.EventPresenceSubscribe, m{"userIds": u.some(s.Pick[0])}, false, s.Repeat)
	return true
}

// onNote returns an act on a notification of the user.
func onNote(event string) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		u.mu.Lock()
		one, ok := choose(u.notes[max(0, len(u.notes)-6):], s.Pick[0])
		u.mu.Unlock()
		if !ok {
			return false
		}
		body := m{"ids": []string{one}}
		if event == wire.EventNotifyRead && s.Pick[1] < 0.2 {
			body = m{"upTo": one}
		}
		u.ask(d, event, body, true, s.Repeat)
		return true
	}
}

func onFeed(event string) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		feed, _ := choose(feeds, s.Pick[0])
		u.ask(d, event, m{"topics": []string{feed}}, true, s.Repeat)
		return true
	}
}
