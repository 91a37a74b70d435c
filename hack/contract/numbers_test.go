package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// zero says what the value 0 of a number in a request means.
type zero string

const (
	// absent: 0 means the same as a member that is left out. The field's comment says so.
	absent zero = "as if left out"
	// itself: 0 is a value of its own, which differs from a member that is left out.
	// The field is a pointer, because a plain number cannot tell them apart.
	itself zero = "a value of its own"
	// refused: 0 is out of bounds, and the server answers invalid_argument.
	refused zero = "refused"
	// only: the member is not optional, or its absence means the value 0.
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
// contract, so that a new number fails until its 0 is declared.
func TestEveryNumberOfARequestDeclaresItsZero(t *testing.T) {
	c, err := read("../../runtime/wire")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.asked)) {
		for _, f := range c.all(c.types[name]) {
			if !numeric(f.typ) || name == "ChatTarget" {
				continue
			}
			at := name + "." + f.name
			found[at] = true
			meaning, declared := numbers[at]
			if !declared {
				t.Errorf("%s: say in this test what its 0 means", at)
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
		t.Errorf("%d numbers were found; the test proves too little", len(found))
	}
}

func numeric(k kind) bool {
	if k.of != nil {
		return numeric(*k.of)
	}
	return k.shape == scalar && slices.Contains([]string{"int", "int64", "uint64", "float64"}, k.name)
}

// breaks tells how a field contradicts what its 0 is said to mean; "" when it does not.
func (f field) breaks(meaning zero) string {
	switch meaning {
	case absent:
		switch {
		case f.typ.pointer:
			return "a pointer tells 0 from a member that is left out"
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
			return "a pointer tells 0 from a member that is left out"
		}
	}
	return ""
}
