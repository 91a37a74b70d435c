// Package check holds the checks of an audit. Each is a pure function from a history to
// the broken promises, so that tests can run it on hand-written histories.
//
// A check asserts only facts that are visible from outside: the effect of a request
// without an answer may or may not exist.
package check

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// FinalPhase is the phase that reads the whole state.
const FinalPhase = "final"

// maxEach bounds the reported violations of a check.
const maxEach = 20

// Violation is a promise that a history breaks.
type Violation struct {
	Check, Text string
	// Records are the numbers of the records that show the violation.
	Records []int
}

// String returns the violation on one line.
func (v Violation) String() string { return v.Check + ": " + v.Text }

// History is the records of a run.
type History []trace.Record

// checks are all checks by their names.
var checks = map[string]func(History, reporter){
	"rules of a stream": broken, "refusals": refusals, "one key, one answer": answers,
	"one meaning a position": places, "replay": replay, "lobby state": lobbyStates, "party state": partyStates,
	"chat exactly once": chat, "one effect": effects, "places in lobbies": memberships,
	"distinct players": players, "news of tickets": tickets, "ticket ends reported": endsReported, "inbox": inbox,
}

// reporter reports a violation with the records that show it.
type reporter func(records []int, format string, args ...any)

// All runs all checks.
func All(h History) []Violation {
	var all []Violation
	for name := range checks {
		all = append(all, One(name, h)...)
	}
	slices.SortStableFunc(all, func(a, b Violation) int { return strings.Compare(a.Check, b.Check) })
	return all
}

// One runs a single check.
func One(name string, h History) []Violation {
	var found []Violation
	checks[name](h, func(records []int, format string, args ...any) {
		if len(found) < maxEach {
			found = append(found, Violation{Check: name, Text: fmt.Sprintf(format, args...), Records: records})
		}
	})
	return found
}

// broken reports violations that devices detected at once: gaps, duplicates, lost
// histories, missing deliveries.
func broken(h History, report reporter) {
	for _, r := range h {
		if r.Kind == trace.Broken {
			stream := ""
			if r.Meta != nil {
				stream = " on " + r.Meta.Stream
			}
			report([]int{r.N}, "%s %s: %s%s: %s", r.User, r.Device, r.Event, stream, r.Text)
		}
	}
}

// refusals reports refusals that no correct request gets.
func refusals(h History, report reporter) {
	for _, r := range h {
		if r.Kind != trace.Refused || r.Err == nil {
			continue
		}
		switch r.Err.Code {
		case wire.CodeInternal, wire.CodeIdempotencyMismatch:
			report([]int{r.N}, "%s of %s was refused: %v", r.Event, r.User, r.Err)
		}
	}
}

// answers reports two different answers to one key.
func answers(h History, report reporter) {
	first := make(map[string]trace.Record)
	for _, r := range h {
		if r.Kind != trace.Ack || !keyed(r.Event) {
			continue
		}
		was, known := first[r.Call]
		switch {
		case !known:
			first[r.Call] = r
		case !sameJSON(was.Data, r.Data):
			report([]int{was.N, r.N}, "%s of %s with the key %s has two answers: %s and %s", r.Event, r.User, r.Call, difference(was.Data, r.Data), difference(r.Data, was.Data))
		}
	}
}

// unkeyed are the requests that the audit sends without a key.
var unkeyed = map[string]bool{
	wire.EventLobbyGet: true, wire.EventLobbySearch: true, wire.EventLobbyWatch: true, wire.EventPartyGet: true,
	wire.EventChatJoin: true, wire.EventChatLeave: true, wire.EventChatRead: true, wire.EventChatHistory: true,
	wire.EventPresenceGet: true, wire.EventPresenceSubscribe: true, wire.EventNotifyList: true, wire.EventMMStatus: true,
}

func keyed(event string) bool {
	return !unkeyed[event] && event != "/v1/lobbies:query"
}

func decode(data json.RawMessage) (v any) {
	_ = json.Unmarshal(data, &v) // no data is nil
	return v
}

func sameJSON(a, b json.RawMessage) bool { return reflect.DeepEqual(decode(a), decode(b)) }

// difference returns the part of a that is not in b: the members of an object that
// differ.
func difference(a, b json.RawMessage) string {
	return shorten(differ(decode(a), decode(b)))
}

func differ(a, b any) string {
	x, isObject := a.(map[string]any)
	y, both := b.(map[string]any)
	if !isObject || !both {
		text, _ := json.Marshal(a) // already decoded
		return string(text)
	}
	var parts []string
	for key, value := range x {
		if !reflect.DeepEqual(value, y[key]) {
			parts = append(parts, key+": "+differ(value, y[key]))
		}
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

func shorten(text string) string {
	const most = 500
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// final returns the records of the last phase.
func (h History) final() History {
	for i, r := range slices.Backward(h) {
		if r.Kind == trace.Phase && r.Text == FinalPhase {
			return h[i:]
		}
	}
	return nil
}

// outcomes returns the ends of all calls, by key.
func (h History) outcomes() map[string]trace.Record {
	all := make(map[string]trace.Record)
	for _, r := range h {
		if r.Kind == trace.Done {
			all[r.Call] = r
		}
	}
	return all
}

// requests returns the first tries of all calls, by key.
func (h History) requests() map[string]trace.Record {
	all := make(map[string]trace.Record)
	for _, r := range h {
		if _, known := all[r.Call]; r.Kind == trace.Ask && !known {
			all[r.Call] = r
		}
	}
	return all
}
