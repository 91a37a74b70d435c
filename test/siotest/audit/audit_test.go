package audit

import (
	"slices"
	"strings"
	"testing"
)

const stream = "chat:lobby:1"

// event returns message n at its seq of an epoch.
func event(epoch string, n uint64) Event {
	return Event{Stream: stream, At: Position{epoch, n}, Text: string(rune('a' + n))}
}

func events(epoch string, ns ...uint64) []Event {
	var all []Event
	for _, n := range ns {
		all = append(all, event(epoch, n))
	}
	return all
}

// TestListener expects each fault of a server to be found, and no fault in correct
// histories.
func TestListener(t *testing.T) {
	live := func(ns ...uint64) func(*Listener) {
		return func(l *Listener) {
			for _, e := range events("e", ns...) {
				l.Live(e)
			}
		}
	}
	resumed := func(epoch string, end uint64, ns ...uint64) func(*Listener) {
		return func(l *Listener) {
			l.Asking(stream)
			l.Resumed(stream, events(epoch, ns...), Position{epoch, end}, false)
		}
	}
	cases := []struct {
		name  string
		steps []func(*Listener)
		want  string // part of the only fault; "" when there is none
	}{
		{"dense", []func(*Listener){live(1, 2, 3)}, ""},
		{"gap", []func(*Listener){live(1, 3)}, "seq 3 (\"d\") where 2 was due"},
		{"duplicate", []func(*Listener){live(1, 2, 2)}, "seq 2 (\"c\") where 3 was due"},
		{"resumed", []func(*Listener){live(1, 2), resumed("e", 4, 3, 4), live(5)}, ""},
		{"resumed with nothing missed", []func(*Listener){live(1, 2), resumed("e", 2), live(3)}, ""},
		{"events before the answer do not count", []func(*Listener){
			live(1, 2), func(l *Listener) { l.Asking(stream) }, live(9), resumed("e", 3, 3), live(4),
		}, ""},
		{"gap in a resume", []func(*Listener){live(1, 2), resumed("e", 4, 4)}, "resumed seq 4 (\"e\") where 3 was due"},
		{"gap at the end of a resume", []func(*Listener){live(1, 2), resumed("e", 4, 3)}, "up to seq 4, but the events end with 3"},
		{"duplicate after a resume", []func(*Listener){live(1, 2), resumed("e", 3, 3), live(3)}, "live seq 3 (\"d\") where 4 was due"},
		{"new epoch, nothing lost", []func(*Listener){live(1, 2), resumed("f", 3, 3)}, ""},
		{"old epoch after it", []func(*Listener){live(1, 2), resumed("f", 2), func(l *Listener) {
			if take, resume := l.Live(event("e", 3)); take || !resume {
				l.Fault("another epoch needs no resume")
			}
		}}, ""},
		{"lost history", []func(*Listener){live(1, 2), func(l *Listener) { l.Lost(stream, "gone") }}, "not recovered after seq 2 of epoch e: gone"},
		{"never followed", []func(*Listener){resumed("e", 1, 1)}, "never followed"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			l := NewListener()
			for _, step := range tc.steps {
				step(l)
			}
			found := l.Faults()
			if tc.want == "" && len(found) > 0 || tc.want != "" && (len(found) != 1 || !strings.Contains(found[0], tc.want)) {
				t.Errorf("faults %q, want %q", found, tc.want)
			}
		})
	}
}

func TestListenerFollowsFromAPosition(t *testing.T) {
	l := NewListener()
	l.Follow(stream, Position{"e", 7})
	l.Live(event("e", 8))
	l.Follow(stream, Position{"e", 3}) // a repeated answer
	l.Live(event("e", 9))
	l.Follow("fresh", Position{})
	l.Live(Event{Stream: "fresh", At: Position{"f", 1}})
	if faults := l.Faults(); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	if at := l.Positions(); at[stream] != (Position{"e", 9}) || at["fresh"] != (Position{"f", 1}) {
		t.Errorf("positions: %v", at)
	}
	if got := l.Heard(stream); !slices.Equal(got, events("e", 8, 9)) {
		t.Errorf("received events: got %v", got)
	}
}

// TestBook expects a gap, a duplicate, a wrong order and further faults to be found.
func TestBook(t *testing.T) {
	moved := event("e", 2)
	moved.At.Seq = 4
	cases := []struct {
		name     string
		received []Event
		want     []string // parts of the faults, in order
	}{
		{"all", events("e", 1, 2, 3), nil},
		{"all, and a foreign event", slices.Insert(events("e", 1, 2, 3), 2, Event{Stream: stream, At: Position{"e", 9}}), nil},
		{"in two epochs", append(events("e", 1, 2), event("f", 3)), nil},
		{"none", nil, []string{`"b", acknowledged with seq 1, was not received`, `"c", acknowledged with seq 2, was not received`, `"d", acknowledged with seq 3, was not received`}},
		{"gap", events("e", 1, 3), []string{`"c", acknowledged with seq 2, was not received`}},
		{"duplicate", events("e", 1, 2, 2, 3), []string{`"c" was received 2 times, once with seq 2`, `"c" was received 2 times, once with seq 2`}},
		{"reorder", events("e", 1, 3, 2), []string{`"c" with seq 2 was received after seq 3`}},
		{"elsewhere", []Event{event("e", 1), event("e", 3), moved}, []string{`"c" was acknowledged with seq 2, but received with 4`}},
		{"invented", events("e", 1, 2, 3, 4), []string{`"e" was received with seq 4, but never acknowledged`}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			b := NewBook()
			for _, e := range events("e", 3, 1, 2) { // acknowledgements come in any order
				b.Acked(e)
			}
			got := b.Check("alice", stream, tc.received)
			if len(got) != len(tc.want) {
				t.Fatalf("faults %q, want %q", got, tc.want)
			}
			for i, part := range tc.want {
				if !strings.Contains(got[i], part) {
					t.Errorf("fault %q, want %q", got[i], part)
				}
			}
		})
	}
}

func TestBookReportsOneSeqForTwoMessages(t *testing.T) {
	b := NewBook()
	twin := event("e", 1)
	twin.Text = "twin"
	b.Acked(event("e", 1))
	b.Acked(twin)
	got := b.Check("alice", stream, []Event{event("e", 1)})
	if len(got) == 0 || !strings.Contains(got[0], `seq 1 was given to both "b" and "twin"`) {
		t.Errorf("faults: %q", got)
	}
	if b.Count() != 2 {
		t.Errorf("count %d", b.Count())
	}
}

func TestBookIsBrief(t *testing.T) {
	b := NewBook()
	for _, e := range events("e", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) {
		b.Acked(e)
	}
	got := b.Check("alice", stream, nil)
	if len(got) != maxListed+1 || !strings.HasSuffix(got[maxListed], "and 2 more") {
		t.Errorf("faults: %q", got)
	}
}
