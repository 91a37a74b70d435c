package audit

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// maxListed bounds the number of faults that are listed for a member.
const maxListed = 10

// Book records the acknowledged messages. It is safe for concurrent use.
type Book struct {
	mu    sync.Mutex
	acked map[string][]Event // by stream
}

// NewBook returns an empty Book.
func NewBook() *Book { return &Book{acked: make(map[string][]Event)} }

// Acked records the acknowledgement of a message with its position. Texts are unique.
func (b *Book) Acked(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked[e.Stream] = append(b.acked[e.Stream], e)
}

// Count returns the number of acknowledged messages.
func (b *Book) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, all := range b.acked {
		n += len(all)
	}
	return n
}

// Check compares the events that a member of a stream received with the acknowledged
// messages: each message exactly once, in order, at its acknowledged position. It ignores
// events without a text. It returns the faults in the order of the stream; none when the
// history is correct.
func (b *Book) Check(member, stream string, received []Event) []string {
	b.mu.Lock()
	acked := slices.Clone(b.acked[stream])
	b.mu.Unlock()
	received = slices.DeleteFunc(slices.Clone(received), func(e Event) bool { return e.Text == "" })
	slices.SortFunc(acked, func(a, b Event) int { return cmp.Compare(a.At.Seq, b.At.Seq) })
	times := make(map[string]int)
	for _, e := range received {
		times[e.Text]++
	}
	var wrong []string
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s, %s: ", member, stream)+fmt.Sprintf(format, args...))
	}
	known := make(map[string]uint64, len(acked))
	for i, e := range acked {
		if i > 0 && acked[i-1].At.Seq == e.At.Seq {
			say("seq %d was given to both %q and %q", e.At.Seq, acked[i-1].Text, e.Text)
		}
		known[e.Text] = e.At.Seq
		if times[e.Text] == 0 {
			say("%q, acknowledged with seq %d, was not received", e.Text, e.At.Seq)
		}
	}
	last := uint64(0)
	for _, e := range received {
		seq, isKnown := known[e.Text]
		switch {
		case !isKnown:
			say("%q was received with seq %d, but never acknowledged", e.Text, e.At.Seq)
		case times[e.Text] > 1:
			say("%q was received %d times, once with seq %d", e.Text, times[e.Text], e.At.Seq)
		case seq != e.At.Seq:
			say("%q was acknowledged with seq %d, but received with %d", e.Text, seq, e.At.Seq)
		case e.At.Seq <= last:
			say("%q with seq %d was received after seq %d", e.Text, e.At.Seq, last)
		}
		last = max(last, e.At.Seq)
	}
	if over := len(wrong) - maxListed; over > 0 {
		wrong = append(wrong[:maxListed], fmt.Sprintf("%s, %s: and %d more", member, stream, over))
	}
	return wrong
}
