package chat

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

func denied() *wire.Error   { return &wire.Error{Code: wire.CodePermissionDenied} }
func notFound() *wire.Error { return &wire.Error{Code: wire.CodeNotFound} }

func ofAnn(change func(*wire.ChatMessage)) Message {
	m := Message{Seq: 3, ChatMessage: wire.ChatMessage{Channel: channel, ID: "m", UserID: "ann", Type: "text", Text: "hi"}}
	if change != nil {
		change(&m.ChatMessage)
	}
	return m
}

func deleted(m *wire.ChatMessage) { m.Deleted, m.Text = true, "" }

func TestEdit(t *testing.T) {
	may := Policy{MaxLength: 5, Edit: true}
	for name, tc := range map[string]struct {
		m      Message
		policy Policy
		user   string
		text   string
		data   string
		want   *wire.Error
	}{
		"one's own":                {ofAnn(nil), may, "ann", "ho", "", nil},
		"with data":                {ofAnn(nil), may, "ann", "ho", `{"a":1}`, nil},
		"another's":                {ofAnn(nil), may, "bob", "ho", "", denied()},
		"another's, as moderator":  {ofAnn(nil), Policy{Edit: true, Moderator: true}, "bob", "ho", "", denied()},
		"where none may":           {ofAnn(nil), Policy{}, "ann", "ho", "", denied()},
		"a deleted one":            {ofAnn(deleted), may, "ann", "ho", "", notFound()},
		"to nothing":               {ofAnn(nil), may, "ann", " ", "", invalid("text")},
		"to too much":              {ofAnn(nil), may, "ann", "123456", "", invalid("text")},
		"to no JSON":               {ofAnn(nil), may, "ann", "ho", "{", invalid("data")},
		"of another type, to data": {ofAnn(func(m *wire.ChatMessage) { m.Type = "emote" }), may, "ann", "", `1`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := tc.m.Edit(tc.policy, tc.user, tc.text, &wire.ChatEdit{Data: json.RawMessage(tc.data)})
			wantRefusal(t, err, tc.want)
			if tc.want == nil && (e.Seq != 3 || e.Text != tc.text || e.ID != "m" || string(e.Data) != tc.data) {
				t.Errorf("edited to %+v", e)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	for name, tc := range map[string]struct {
		m      Message
		policy Policy
		user   string
		news   bool
		want   *wire.Error
	}{
		"one's own":                 {ofAnn(nil), Policy{Edit: true}, "ann", true, nil},
		"again":                     {ofAnn(deleted), Policy{Edit: true}, "ann", false, nil},
		"another's":                 {ofAnn(nil), Policy{Edit: true}, "bob", false, denied()},
		"another's, as moderator":   {ofAnn(nil), Policy{Moderator: true}, "bob", true, nil},
		"where none may":            {ofAnn(nil), Policy{}, "ann", false, denied()},
		"where none may, moderator": {ofAnn(nil), Policy{Moderator: true}, "ann", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, news, err := tc.m.Delete(tc.policy, tc.user, &wire.ChatDelete{})
			wantRefusal(t, err, tc.want)
			if news != tc.news {
				t.Errorf("news: %v", news)
			}
		})
	}
}

func TestReact(t *testing.T) {
	with := func(all ...wire.ChatReactions) Message {
		return ofAnn(func(m *wire.ChatMessage) { m.Reactions = all })
	}
	users := func(n int) []string {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint("u", i)
		}
		return ids
	}
	var kinds, own []wire.ChatReactions
	for i := range maxKinds {
		kinds = append(kinds, wire.ChatReactions{Reaction: fmt.Sprint("k", i), UserIDs: []string{"bob"}})
	}
	for i := range maxOwn {
		own = append(own, wire.ChatReactions{Reaction: fmt.Sprint("k", i), UserIDs: []string{"ann"}})
	}
	full := &wire.Error{Code: wire.CodeResourceExhausted}
	ownFull := &wire.Error{Code: wire.CodeResourceExhausted, Reason: wire.ReasonReactionLimit, Current: wire.CurrentIDs(reactions(own)...)}
	for name, tc := range map[string]struct {
		m     Message
		req   wire.ChatReact
		count int
		news  bool
		want  *wire.Error
	}{
		"the first":             {with(), wire.ChatReact{Reaction: "👍"}, 1, true, nil},
		"one more":              {with(wire.ChatReactions{Reaction: "👍", UserIDs: users(2)}), wire.ChatReact{Reaction: "👍"}, 3, true, nil},
		"again":                 {with(wire.ChatReactions{Reaction: "👍", UserIDs: []string{"ann"}}), wire.ChatReact{Reaction: "👍"}, 1, false, nil},
		"taken back":            {with(wire.ChatReactions{Reaction: "👍", UserIDs: []string{"bob", "ann"}}), wire.ChatReact{Reaction: "👍", Remove: true}, 1, true, nil},
		"taken back, was none":  {with(), wire.ChatReact{Reaction: "👍", Remove: true}, 0, false, nil},
		"to a deleted one":      {ofAnn(deleted), wire.ChatReact{Reaction: "👍"}, 0, false, notFound()},
		"with white space":      {with(), wire.ChatReact{Reaction: "a b"}, 0, false, invalid("reaction")},
		"too long":              {with(), wire.ChatReact{Reaction: strings.Repeat("x", 33)}, 0, false, invalid("reaction")},
		"not UTF-8":             {with(), wire.ChatReact{Reaction: "\xff"}, 0, false, invalid("reaction")},
		"too many in all":       {with(wire.ChatReactions{Reaction: "👍", UserIDs: users(maxReactions)}), wire.ChatReact{Reaction: "👍"}, 0, false, full},
		"too many kinds":        {with(kinds...), wire.ChatReact{Reaction: "new"}, 0, false, full},
		"many kinds, old one":   {with(kinds...), wire.ChatReact{Reaction: "k1"}, 2, true, nil},
		"too many of one's own": {with(own...), wire.ChatReact{Reaction: "new"}, 0, false, ownFull},
		"one's own taken back":  {with(own...), wire.ChatReact{Reaction: "k1", Remove: true}, 0, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, news, err := tc.m.React("ann", &tc.req)
			wantRefusal(t, err, tc.want)
			if tc.want == nil && (e.Count != tc.count || news != tc.news) {
				t.Errorf("count %d, news %v", e.Count, news)
			}
		})
	}
}

func TestFold(t *testing.T) {
	var records []stream.Record
	add := func(name string, payload any) uint64 {
		data, _ := json.Marshal(payload)
		seq := uint64(len(records) + 1)
		records = append(records, stream.Record{
			Position: stream.Position{Epoch: "e", Seq: seq}, TS: int64(1000 * seq), Event: stream.Event{Name: name, Data: data},
		})
		return seq
	}
	react := func(seq uint64, user, with string, removed bool) {
		add(wire.EventChatReaction, wire.ChatReaction{Seq: seq, UserID: user, Reaction: with, Removed: removed})
	}
	one := add(wire.EventChatMessage, wire.ChatMessage{ID: "1", Text: "one", UserID: "ann"})
	two := add(wire.EventChatMessage, wire.ChatMessage{ID: "2", Text: "two", UserID: "ann", Data: json.RawMessage("1")})
	three := add(wire.EventChatMessage, wire.ChatMessage{ID: "3", Text: "three", UserID: "ann"})
	add(wire.EventChatEdited, wire.ChatEdited{Seq: one, Text: "ONE"})
	add(wire.EventChatEdited, wire.ChatEdited{Seq: one, Text: "uno"})
	for _, r := range []struct {
		user, with string
		removed    bool
	}{{"ann", "a", false}, {"bob", "a", false}, {"bob", "a", false}, {"eve", "b", false}, {"eve", "b", true}, {"ann", "c", true}, {"ann", "a", true}} {
		react(one, r.user, r.with, r.removed)
	}
	react(two, "bob", "a", false)
	add(wire.EventChatDeleted, wire.ChatDeleted{Seq: two})
	add(wire.EventChatEdited, wire.ChatEdited{Seq: two, Text: "back"})
	react(two, "bob", "b", false)
	records = append(records, stream.Record{Event: stream.Event{Name: wire.EventChatEdited, Data: json.RawMessage(`{"seq":"x"}`)}})

	fates := foldEffects(records)
	now := func(seq uint64) wire.ChatMessage {
		m, err := decodeMessage(records[seq-1])
		if err != nil {
			t.Fatal(err)
		}
		return fates[seq].applyTo(m)
	}
	want := wire.ChatMessage{
		ID: "1", UserID: "ann", Text: "uno", EditedAt: 5000,
		Reactions: []wire.ChatReactions{{Reaction: "a", UserIDs: []string{"bob"}}},
	}
	if d := cmp.Diff(want, now(one)); d != "" {
		t.Errorf("edited (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wire.ChatMessage{ID: "2", UserID: "ann", Deleted: true}, now(two)); d != "" {
		t.Errorf("deleted (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wire.ChatMessage{ID: "3", UserID: "ann", Text: "three"}, now(three)); d != "" {
		t.Errorf("untouched (-want +got):\n%s", d)
	}
}

func TestMarks(t *testing.T) {
	m, moved := Marks{}.Read("ann", 5, false)
	if !moved || m.ReadTo["ann"] != 5 {
		t.Fatalf("first: %+v, %v", m, moved)
	}
	for _, seq := range []uint64{0, 4, 5} {
		if next, moved := m.Read("ann", seq, false); moved || next.ReadTo["ann"] != 5 {
			t.Errorf("to %d: %+v, %v", seq, next, moved)
		}
	}
	next, _ := m.Read("ann", 6, false)
	if m.ReadTo["ann"] != 5 || next.ReadTo["ann"] != 6 {
		t.Errorf("before %+v, after %+v", m, next)
	}
	for i := range maxMarks + 10 {
		next, _ = next.Read(fmt.Sprint("u", i), uint64(100+i), false)
	}
	if _, there := next.ReadTo["ann"]; there || len(next.ReadTo) != maxMarks || len(next.Pending) != maxMarks {
		t.Errorf("%d marks are kept, the one furthest behind: %v", len(next.ReadTo), there)
	}
}

func reactions(of []wire.ChatReactions) (names []string) {
	for _, r := range of {
		names = append(names, r.Reaction)
	}
	return names
}
