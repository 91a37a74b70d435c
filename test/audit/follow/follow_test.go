package follow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

const stream = "chat:topic:news"

func meta(epoch string, seq uint64) wire.Meta {
	return wire.Meta{Stream: stream, Epoch: epoch, Seq: seq}
}

func resumed(epoch string, end uint64, seqs ...uint64) wire.StreamResumed {
	r := wire.StreamResumed{Stream: stream, Recovered: true, Epoch: epoch, Seq: end}
	for _, seq := range seqs {
		r.Events = append(r.Events, wire.ResumedEvent{Event: "chat:message", Data: json.RawMessage(fmt.Sprintf(`{"meta": {"stream": %q, "seq": %d}}`, stream, seq))})
	}
	return r
}

// TestTracker expects the tracker to report each rule that a server breaks, and nothing
// else.
func TestTracker(t *testing.T) {
	live := func(epoch string, seqs ...uint64) func(*Tracker) string {
		return func(tr *Tracker) (broken string) {
			for _, seq := range seqs {
				if v := tr.Live(meta(epoch, seq), false); v.Broken != "" {
					broken = v.Broken
				}
			}
			return broken
		}
	}
	resume := func(r wire.StreamResumed) func(*Tracker) string {
		return func(tr *Tracker) string {
			tr.Connect()
			_, _, broken := tr.Resumed(r)
			return broken
		}
	}
	restarted := func(tr *Tracker) string {
		tr.Drop(stream)
		tr.Begin(meta("e", 1), true)
		return ""
	}
	removed := func(version uint64, back bool) func(*Tracker) string {
		return func(tr *Tracker) string {
			if tr.CameBack(stream, version) != back {
				return fmt.Sprintf("removed at %d: came back is %v", version, !back)
			}
			return ""
		}
	}
	for _, c := range []struct {
		name  string
		steps []func(*Tracker) string
		want  string
	}{
		{"dense", []func(*Tracker) string{live("e", 2, 3, 4)}, ""},
		{"a gap", []func(*Tracker) string{live("e", 2, 4)}, "seq 4 was pushed after seq 2"},
		{"a double", []func(*Tracker) string{live("e", 2, 2)}, "pushed twice"},
		{"another epoch", []func(*Tracker) string{live("e", 2), live("f", 3)}, ""},
		{"a gap for a slow reader", []func(*Tracker) string{func(tr *Tracker) string { tr.Slow(); return "" }, live("e", 2, 4)}, ""},
		{"a resume", []func(*Tracker) string{live("e", 2), resume(resumed("f", 4, 3, 4)), live("f", 5)}, ""},
		{"a hole in a resume", []func(*Tracker) string{live("e", 2), resume(resumed("e", 4, 4))}, "where 3 was due"},
		{"a resume that ends early", []func(*Tracker) string{live("e", 2), resume(resumed("e", 4, 3))}, "its events end at 3"},
		{"a stream restarted by a repeated answer", []func(*Tracker) string{live("e", 2, 3), restarted, live("e", 2, 3)}, ""},
		{"a duplicate after a restarted stream", []func(*Tracker) string{live("e", 2, 3), restarted, live("e", 2, 2)}, "pushed twice"},
		{"a removal from an earlier membership", []func(*Tracker) string{removed(1, true)}, ""},
		{"a removal from this membership", []func(*Tracker) string{live("e", 2, 3), removed(3, false)}, ""},
		{"a lost past", []func(*Tracker) string{live("e", 2), resume(wire.StreamResumed{Stream: stream, Epoch: "f", Seq: 9})}, "not recovered after seq 2"},
	} {
		tr := New()
		tr.Begin(meta("e", 1), false)
		var broken string
		for _, step := range c.steps {
			if b := step(tr); b != "" {
				broken = b
			}
		}
		if c.want == "" && broken != "" || !strings.Contains(broken, c.want) {
			t.Errorf("%s: %q, want %q", c.name, broken, c.want)
		}
	}
}
