package check

import (
	"encoding/json"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// chat reports acknowledged messages that are not in the history exactly once at their
// position, refused messages in the history, and unreadable channels.
func chat(h History, report reporter) {
	requests := h.requests()
	type found struct {
		message wire.ChatMessage
		record  int
	}
	history := make(map[string][]found) // by key
	whole := make(map[string]bool)      // channels read to their beginning
	for _, r := range h.final() {
		if r.Kind != trace.Done || r.Event != wire.EventChatHistory || r.Outcome != trace.OK {
			continue
		}
		var page struct {
			Messages []wire.ChatMessage `json:"messages"`
			HasMore  bool               `json:"hasMore"`
		}
		var asked struct{ Channel string }
		if json.Unmarshal(r.Data, &page) != nil || json.Unmarshal(requests[r.Call].Data, &asked) != nil {
			report([]int{r.N}, "a history cannot be read")
			continue
		}
		whole[asked.Channel] = whole[asked.Channel] || !page.HasMore
		for _, m := range page.Messages {
			history[m.Key] = append(history[m.Key], found{m, r.N})
		}
	}
	finalBegins := h.final()
	for call, r := range h.outcomes() {
		if r.Event != wire.EventChatSend {
			continue
		}
		var asked wire.ChatSend
		_ = json.Unmarshal(requests[call].Data, &asked) // a call without a try was never sent
		there := history[call]
		var sent wire.ChatSent
		_ = json.Unmarshal(r.Data, &sent) // a refusal has no data
		switch {
		case !whole[asked.Channel] || len(finalBegins) == 0:
		case len(there) > 1:
			report([]int{r.N, there[0].record, there[1].record}, "%q of %s is %d times in the history of %s", asked.Text, r.User, len(there), asked.Channel)
		case r.Outcome == trace.OK && len(there) == 0:
			report([]int{r.N}, "%q of %s was acknowledged with seq %d and is not in the history of %s", asked.Text, r.User, sent.Seq, asked.Channel)
		case r.Outcome == trace.OK && (there[0].message.ID != sent.ID || there[0].message.Meta != nil && there[0].message.Meta.Seq != sent.Seq):
			report([]int{r.N, there[0].record}, "%q of %s was acknowledged as %s with seq %d, and is %s in the history", asked.Text, r.User, sent.ID, sent.Seq, there[0].message.ID)
		case r.Outcome == trace.Denied && len(there) > 0:
			report([]int{r.N, there[0].record}, "%q of %s was refused and is in the history of %s", asked.Text, r.User, asked.Channel)
		}
	}
	pushedOnce(h, report)
}

// pushedOnce reports a message that a device applied at two positions.
func pushedOnce(h History, report reporter) {
	type delivery struct{ user, device, key string }
	first := make(map[delivery]trace.Record)
	for _, r := range h {
		if r.Kind != trace.Push || r.Event != wire.EventChatMessage || r.Meta == nil {
			continue
		}
		var m wire.ChatMessage
		if json.Unmarshal(r.Data, &m) != nil || m.Key == "" {
			continue
		}
		d := delivery{r.User, r.Device, m.UserID + " " + m.Key}
		if was, known := first[d]; known && was.Meta.Seq != r.Meta.Seq {
			report([]int{was.N, r.N}, "%q of %s was pushed to %s %s with seq %d and with seq %d", m.Text, m.UserID, r.User, r.Device, was.Meta.Seq, r.Meta.Seq)
		}
		first[d] = r
	}
}

// effects reports keys with more than one effect: two lobbies, parties, tickets or
// notifications of one key.
func effects(h History, report reporter) {
	ids := make(map[string]map[string]int) // by call, the ids in its answers
	for _, r := range h {
		if r.Kind != trace.Ack || !keyed(r.Event) {
			continue
		}
		var v struct {
			Lobby, Party, Ticket struct{ ID string }
			IDs                  []string
		}
		if json.Unmarshal(r.Data, &v) != nil {
			continue
		}
		for _, id := range append(v.IDs, v.Lobby.ID, v.Party.ID, v.Ticket.ID) {
			if id == "" {
				continue
			}
			if ids[r.Call] == nil {
				ids[r.Call] = make(map[string]int)
			}
			ids[r.Call][id] = r.N
		}
	}
	for call, all := range ids {
		if event := h.outcomes()[call].Event; len(all) > 1 && event != "/v1/notifications" {
			var records []int
			for _, n := range all {
				records = append(records, n)
			}
			report(records, "the key %s has effects on %v", call, all)
		}
	}
}
