package streamtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Recorder is a stream.Sink that keeps what it is given. It also is a client that
// follows the rules: it knows whether it saw a gap or a double.
type Recorder struct {
	mu      sync.Mutex
	at      stream.Position
	records []stream.Record
	casts   []stream.Record
	resets  []stream.Snapshot
	state   string
	faults  []string
}

// NewRecorder makes a Recorder whose client is at a position.
func NewRecorder(at stream.Position) *Recorder { return &Recorder{at: at} }

// Apply takes the answer to an attachment or a resume.
func (r *Recorder) Apply(id stream.ID, c stream.Catchup) {
	if !c.Recovered {
		r.Reset(id, c.Now)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range c.Records {
		r.step(rec)
	}
	if r.at.Seq != c.Now.Seq {
		r.faults = append(r.faults, fmt.Sprintf("caught up to %d, but now is %d", r.at.Seq, c.Now.Seq))
	}
	r.at = c.Now.Position
}

// Deliver implements stream.Sink.
func (r *Recorder) Deliver(d *stream.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.Seq == 0 {
		r.casts = append(r.casts, d.Record)
		return
	}
	r.step(d.Record)
}

func (r *Recorder) step(rec stream.Record) {
	if rec.Seq != r.at.Seq+1 {
		r.faults = append(r.faults, fmt.Sprintf("got %s:%d after %s:%d", rec.Epoch, rec.Seq, r.at.Epoch, r.at.Seq))
	}
	r.at, r.state = rec.Position, string(rec.Data)
	r.records = append(r.records, rec)
}

// Reset implements stream.Sink.
func (r *Recorder) Reset(_ stream.ID, now stream.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.state = now.Position, string(now.Doc)
	r.resets = append(r.resets, now)
}

// At is where the client is.
func (r *Recorder) At() stream.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// Records are the records that were applied.
func (r *Recorder) Records() []stream.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// Casts are the events that came without a place.
func (r *Recorder) Casts() []stream.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.casts)
}

// Resets are the states that the client was reset to.
func (r *Recorder) Resets() []stream.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.resets)
}

// State is the data of the last record, or the document of a reset after it: the
// state of a stream whose events carry all of it.
func (r *Recorder) State() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Faults are the gaps and doubles that the client saw; there must be none.
func (r *Recorder) Faults() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.faults)
}
