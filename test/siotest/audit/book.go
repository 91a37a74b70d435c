package audit

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// maxTold bounds how many faults of one member are told in full.
const maxTold = 10

// Book holds what was acknowledged. It is safe for concurrent use.
type Book struct {
	mu    sync.Mutex
	acked map[string][]Event // by stream
}

// NewBook makes an empty Book.
func NewBook() *Book { return &Book{acked: make(map[string][]Event)} }

// Acked notes that a message was acknowledged with this place in its stream. Texts
// are unique.
func (b *Book) Acked(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked[e.Stream] = append(b.acked[e.Stream], e)
}

// Count is how many messages were acknowledged.
func (b *Book) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, all := range b.acked {
		n += len(all)
	}
	return n
}

// Check compares what a member of a stream heard with what was acknowledged: each
// message exactly once, at the place that its sender was told, in order. Events
// without a text are no messages. It gives what is wrong, in the order of the stream;
// nothing when all is well.
func (b *Book) Check(member, stream string, heard []Event) []string {
	b.mu.Lock()
	acked := slices.Clone(b.acked[stream])
	b.mu.Unlock()
	heard = slices.DeleteFunc(slices.Clone(heard), func(e Event) bool { return e.Text == "" })
	slices.SortFunc(acked, func(a, b Event) int { return cmp.Compare(a.At.Seq, b.At.Seq) })
	times := make(map[string]int)
	for _, e := range heard {
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
			say("%q, acknowledged with seq %d, was never heard", e.Text, e.At.Seq)
		}
	}
	last := uint64(0)
	for _, e := range heard {
		seq, isKnown := known[e.Text]
		switch {
		case !isKnown:
			say("%q was heard with seq %d, but never acknowledged", e.Text, e.At.Seq)
		case times[e.Text] > 1:
			say("%q was heard %d times, once with seq %d", e.Text, times[e.Text], e.At.Seq)
		case seq != e.At.Seq:
			say("%q was acknowledged with seq %d, but heard with %d", e.Text, seq, e.At.Seq)
		case e.At.Seq <= last:
			say("%q with seq %d was heard after seq %d", e.Text, e.At.Seq, last)
		}
		last = max(last, e.At.Seq)
	}
	if over := len(wrong) - maxTold; over > 0 {
		wrong = append(wrong[:maxTold], fmt.Sprintf("%s, %s: and %d more", member, stream, over))
	}
	return wrong
}
