package check

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// written returns a hand-written history: records are numbered in order.
func written(records ...trace.Record) History {
	for i := range records {
		records[i].N = i
	}
	return records
}

func push(user, event, stream string, seq uint64, data string) trace.Record {
	return trace.Record{
		Kind: trace.Push, User: user, Device: "d0", Event: event, Data: json.RawMessage(data),
		Meta: &wire.Meta{Stream: stream, Epoch: "e", Seq: seq},
	}
}

func of(kind trace.Kind, user, event, call, data string) trace.Record {
	r := trace.Record{Kind: kind, User: user, Device: "d0", Event: event, Call: call, Data: json.RawMessage(data)}
	if kind == trace.Done {
		r.Outcome = trace.OK
	}
	return r
}

func refused(r trace.Record, is trace.Outcome) trace.Record {
	r.Outcome, r.Data = is, nil
	return r
}

var final = trace.Record{Kind: trace.Phase, Text: FinalPhase}

func lobby(version int, members, more string) string {
	return fmt.Sprintf(`{"lobby": {"id": "L", "type": "arena", "status": "open", "hostId": "a", "maxMembers": 2, "version": %d, "members": {%s}%s}}`, version, members, more)
}

const host, guest = `"a": {"role": "host"}`, `"b": {"role": "member"}`

func matched(user string, seq uint64, match, ticket, red, blue string) trace.Record {
	return push(user, wire.EventMMMatched, "user:"+user, seq, fmt.Sprintf(
		`{"matchId": %q, "ticketId": %q, "teams": [{"players": [%q]}, {"players": [%q]}]}`, match, ticket, red, blue))
}

func ticket(user string, seq uint64, state string, attempt int) trace.Record {
	return push(user, wire.EventMMTicket, "user:"+user, seq, fmt.Sprintf(`{"ticket": {"id": "T", "state": %q, "attempt": %d}}`, state, attempt))
}

// Times of ULIDs, in milliseconds: 32 and 1024.
const at32, at1024 = "0000000010AAAAAAAAAAAAAAAA", "0000000100AAAAAAAAAAAAAAAA"

// TestChecksFindViolations expects each check to find the violation in a hand-written
// history, and nothing in a correct one.
func TestChecksFindViolations(t *testing.T) {
	history := func(data string) trace.Record { return of(trace.Done, "a", wire.EventChatHistory, "h", data) }
	asked := of(trace.Ask, "a", wire.EventChatHistory, "h", `{"channel": "topic:news"}`)
	send := of(trace.Ask, "a", wire.EventChatSend, "k", `{"channel": "topic:news", "text": "hi"}`)
	sent := of(trace.Done, "a", wire.EventChatSend, "k", `{"id": "M", "seq": 1}`)
	message := `{"id": "M", "key": "k", "text": "hi", "meta": {"stream": "chat:topic:news", "seq": 1}}`
	inboxOf := func(notes string, unread int) trace.Record {
		return of(trace.Done, "a", wire.EventNotifyList, "n", fmt.Sprintf(`{"notifications": [%s], "unread": %d}`, notes, unread))
	}
	noted := of(trace.Ack, "backend", "/v1/notifications", "api", `{"ids": {"a": "N"}}`)
	enqueued := func(id string, at int) trace.Record {
		return of(trace.Ack, "a", wire.EventMMEnqueue, "q"+id, fmt.Sprintf(`{"ticket": {"id": %q, "players": ["a"], "enqueuedAt": %d}}`, id, at))
	}
	status := of(trace.Done, "a", wire.EventMMStatus, "s", `{"tickets": []}`)
	cases := []struct {
		check, name string
		history     History
		want        string // part of the only violation; "" when there is none
	}{
		{"rules of a stream", "a device saw a gap", written(trace.Record{Kind: trace.Broken, User: "a", Text: "seq 3 was pushed after seq 1"}), "seq 3 was pushed after seq 1"},
		{"refusals", "an internal error", written(trace.Record{Kind: trace.Refused, Event: "lobby:join", User: "a", Err: &wire.Error{Code: wire.CodeInternal}}), "internal"},
		{"refusals", "a full lobby", written(trace.Record{Kind: trace.Refused, Err: &wire.Error{Code: wire.CodeFailedPrecondition}}), ""},
		{"one key, one answer", "two answers", written(of(trace.Ack, "a", "lobby:ready", "k", `{"version": 1}`), of(trace.Ack, "a", "lobby:ready", "k", `{"version": 2}`)), "two answers: {version: 1} and {version: 2}"},
		{"one key, one answer", "the same answer", written(of(trace.Ack, "a", "lobby:ready", "k", `{"version": 1}`), of(trace.Ack, "a", "lobby:ready", "k", `{"version":1}`)), ""},
		{"one meaning a position", "two contents", written(push("a", "chat:message", "chat:c", 1, `{"text": "x"}`), push("b", "chat:message", "chat:c", 1, `{"text": "y"}`)), `{text: "x"}, {text: "y"}`},
		{"one meaning a position", "one content", written(push("a", "chat:message", "chat:c", 1, `{"text": "x"}`), push("b", "chat:message", "chat:c", 1, `{"text": "x"}`)), ""},
		{"replay", "two states of a version", written(of(trace.Ack, "a", "lobby:get", "1", lobby(1, host+","+guest, "")), of(trace.Ack, "b", "lobby:get", "2", lobby(1, host+","+guest, `, "name": "x"`))), "two states with version 1"},
		{"replay", "a patch that leads elsewhere", written(
			of(trace.Ack, "a", "lobby:get", "1", lobby(1, host, "")),
			push("a", "lobby:patch", "lobby:L", 2, `{"to": 2, "ops": [{"op": "replace", "path": "/version", "value": 2}]}`),
			of(trace.Ack, "a", "lobby:get", "2", lobby(2, host, `, "name": "x"`))), `and {name: "x"} was read`},
		{"replay", "a patch that leads there", written(
			of(trace.Ack, "a", "lobby:get", "1", lobby(1, host, "")),
			push("a", "lobby:patch", "lobby:L", 2, `{"to": 2, "ops": [{"op": "replace", "path": "/version", "value": 2}]}`),
			of(trace.Ack, "a", "lobby:get", "2", lobby(2, host, ""))), ""},
		{"lobby state", "two hosts", written(of(trace.Ack, "a", "lobby:get", "1", lobby(1, host+`, "b": {"role": "host"}`, ""))), "has the hosts"},
		{"lobby state", "too many members", written(of(trace.Ack, "a", "lobby:get", "1", lobby(1, host+","+guest+`, "c": {"role": "member"}`, ""))), "3 members in 2 places"},
		{"places in lobbies", "two of a type that allows one", written(final, of(trace.Ack, "backend", "/v1/lobbies:query", "1",
			`{"lobbies": [{"id": "L", "type": "arena", "members": {"a": {}}}, {"id": "M", "type": "arena", "members": {"a": {}}}]}`)), "a is in 2 lobbies of type arena"},
		{"party state", "in two parties", written(final,
			of(trace.Ack, "a", "party:get", "1", `{"party": {"id": "P", "leaderId": "a", "maxMembers": 2, "members": {"a": {"role": "leader"}}}}`),
			of(trace.Ack, "b", "party:get", "2", `{"party": {"id": "Q", "leaderId": "b", "maxMembers": 2, "members": {"b": {"role": "leader"}, "a": {"role": "member"}}}}`)), "a is in the parties [P Q]"},
		{"chat exactly once", "lost", written(send, sent, final, asked, history(`{"messages": []}`)), "is not in the history"},
		{"chat exactly once", "twice", written(send, sent, final, asked, history(`{"messages": [`+message+`,`+message+`]}`)), "is 2 times in the history"},
		{"chat exactly once", "refused and there", written(send, refused(sent, trace.Denied), final, asked, history(`{"messages": [`+message+`]}`)), "was refused and is in the history"},
		{"chat exactly once", "not answered and there", written(send, refused(sent, trace.Unknown), final, asked, history(`{"messages": [`+message+`]}`)), ""},
		{"chat exactly once", "not answered and not there", written(send, refused(sent, trace.MaybeDone), final, asked, history(`{"messages": []}`)), ""},
		{"chat exactly once", "pushed twice", written(
			push("b", "chat:message", "chat:c", 1, `{"key": "k", "userId": "a"}`), push("b", "chat:message", "chat:c", 2, `{"key": "k", "userId": "a"}`)), "with seq 1 and with seq 2"},
		{"one effect", "two lobbies", written(of(trace.Ack, "a", "lobby:create", "k", `{"lobby": {"id": "L"}}`), of(trace.Ack, "a", "lobby:create", "k", `{"lobby": {"id": "M"}}`)), "the key k has effects on"},
		{"distinct players", "twice in one match", written(matched("a", 1, at32, "T", "a", "a")), "a is twice in the match"},
		{"distinct players", "two matches at once", written(enqueued("T", 1), enqueued("U", 2), matched("a", 1, at32, "T", "a", "b"), matched("a", 2, at1024, "U", "a", "c")), "was queued when the first was made"},
		{"distinct players", "one match after another", written(enqueued("T", 1), enqueued("U", 40), matched("a", 1, at32, "T", "a", "b"), matched("a", 2, at1024, "U", "a", "c")), ""},
		{"news of tickets", "news after the end", written(ticket("a", 1, "cancelled", 1), ticket("a", 2, "proposed", 1)), "after its end"},
		{"news of tickets", "an earlier attempt", written(ticket("a", 1, "searching", 2), ticket("a", 2, "proposed", 1)), "received attempt 1"},
		{"news of tickets", "in order", written(ticket("a", 1, "searching", 0), ticket("a", 2, "proposed", 0), ticket("a", 3, "searching", 1), ticket("a", 4, "cancelled", 1)), ""},
		{"ticket ends reported", "the end not reported", written(enqueued("T", 1), final, status), "did not receive its end"},
		{"ticket ends reported", "the end reported", written(enqueued("T", 1), ticket("a", 1, "expired", 0), final, status), ""},
		{"inbox", "a lost notification", written(noted, final, inboxOf("", 0)), "is not in the inbox of a"},
		{"inbox", "a wrong count", written(noted, final, inboxOf(`{"id": "N"}`, 2)), "has 1 unread, but reports 2"},
		{"inbox", "a deleted one", written(noted, of(trace.Ask, "a", wire.EventNotifyDelete, "d", `{"ids": ["N"]}`), of(trace.Done, "a", wire.EventNotifyDelete, "d", ""), final, inboxOf(`{"id": "N"}`, 1)), "was deleted, and is in the inbox"},
		{"inbox", "a badge of a later inbox", written(final, inboxOf("", 0), push("a", wire.EventNotifyBadge, "user:a", 1, `{"unread": 3, "version": 1}`)), ""},
		{"inbox", "a wrong badge", written(push("a", wire.EventNotifyBadge, "user:a", 1, `{"unread": 3, "version": 1}`), final, inboxOf("", 0)), "the last badge of a d0 is 3"},
	}
	found := make(map[string]bool)
	for _, c := range cases {
		got := One(c.check, c.history)
		switch {
		case c.want == "" && len(got) > 0:
			t.Errorf("%s, %s: found %v, want nothing", c.check, c.name, got)
		case c.want != "" && (len(got) != 1 || !strings.Contains(got[0].Text, c.want)):
			t.Errorf("%s, %s: found %v, want one violation with %q", c.check, c.name, got, c.want)
		}
		found[c.check] = found[c.check] || c.want != ""
	}
	for name := range checks {
		if !found[name] {
			t.Errorf("got no history with a violation for the check %q", name)
		}
	}
}
