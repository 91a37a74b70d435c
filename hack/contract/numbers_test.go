package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// zero is the meaning of the value 0 of a number in a request.
type zero string

const (
	// absent: 0 has the same meaning as a missing member. The field's comment says so.
	absent zero = "as if left out"
	// itself: 0 differs from a missing member. The field is a pointer, because a plain
	// number cannot distinguish the two.
	itself zero = "a value of its own"
	// refused: 0 is out of bounds; the server answers invalid_argument.
	refused zero = "refused"
	// only: the member is required, or its absence means 0.
	only zero = "the value when left out"
)

// numbers declares every number that a client may send.
var numbers = map[string]zero{
	"ChatEdit.seq":                refused,
	"ChatChannels.limit":          absent,
	"ChatDelete.seq":              refused,
	"ChatReact.seq":               refused,
	"ChatRead.seq":                refused,
	"ChatHistory.after":           itself,
	"ChatHistory.before":          absent,
	"ChatHistory.limit":           absent,
	"ChatMute.forMs":              absent,
	"ChatSend.replyTo":            absent,
	"ConnectAuth.protocol":        absent,
	"LobbyCreate.maxMembers":      absent,
	"LobbyNear.value":             only,
	"LobbyNear.within":            only,
	"LobbyQuickCreate.maxMembers": absent,
	"LobbySearch.limit":           absent,
	"LobbySet.maxMembers":         refused,
	"LobbyUpdate.expectedVersion": absent,
	"MMEnqueue.latencies":         itself, // in a map, an entry of 0 differs from none
	"NotifyList.limit":            absent,
	"PartyCreate.maxMembers":      absent,
	"PartySet.maxMembers":         refused,
	"PartyUpdate.expectedVersion": absent,
	"StreamPosition.seq":          only,
	"SyncPing.at":                 itself,
}

var saysZero = regexp.MustCompile(`\b0, or left out,|\b0 is as if it were left out`)

// TestEveryNumberOfARequestDeclaresItsZero reads the requests from the source of the
// contract, so that a new number fails the test until its 0 is declared.
func TestEveryNumberOfARequestDeclaresItsZero(t *testing.T) {
	c, err := read("../../runtime/wire")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.requested)) {
		for _, f := range c.all(c.types[name]) {
			if !numeric(f.typ) || name == "ChatTarget" {
				continue
			}
			at := name + "." + f.name
			found[at] = true
			meaning, declared := numbers[at]
			if !declared {
				t.Errorf("%s: declare the meaning of its 0 in this test", at)
			}
			if wrong := f.breaks(meaning); wrong != "" {
				t.Errorf("%s: 0 is %s, but %s", at, meaning, wrong)
			}
		}
	}
	for at := range numbers {
		if !found[at] {
			t.Errorf("%s is declared here but is in no request", at)
		}
	}
	if len(found) < 15 {
		t.Errorf("got %d numbers, want at least 15", len(found))
	}
}

func numeric(k kind) bool {
	if k.of != nil {
		return numeric(*k.of)
	}
	return k.shape == scalar && slices.Contains([]string{"int", "int64", "uint64", "float64"}, k.name)
}

// breaks returns how a field contradicts the declared meaning of its 0; "" when it does
// not.
func (f field) breaks(meaning zero) string {
	switch meaning {
	case absent:
		switch {
		case f.typ.pointer:
			return "a pointer distinguishes 0 from a missing member"
		case !saysZero.MatchString(f.doc):
			return `its comment does not say what "0, or left out," means`
		case f.rules.required:
			return "the member is required"
		}
	case itself:
		if !f.typ.pointer && f.typ.shape != mapping {
			return "a plain number reads a member that is left out as 0"
		}
	case refused:
		low := cmp.Or(f.rules.min, "0")
		if !f.rules.required && (low == "0" || strings.HasPrefix(low, "-")) {
			return "no rule refuses it"
		}
		if !f.rules.required && f.rules.omitempty && !f.typ.pointer {
			return "its rules are not applied to 0"
		}
	case only:
		if f.typ.pointer {
			return "a pointer distinguishes 0 from a missing member"
		}
	}
	return ""
}
