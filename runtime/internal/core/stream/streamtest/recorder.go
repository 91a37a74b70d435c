package streamtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Recorder is a stream.Sink that records its deliveries. Like a client that follows the
// contract, it detects gaps and duplicates.
type Recorder struct {
	mu      sync.Mutex
	at      stream.Position
	records []stream.Record
	casts   []stream.Record
	resets  []stream.Snapshot
	state   string
	faults  []string
}

// NewRecorder makes a Recorder at a position.
func NewRecorder(at stream.Position) *Recorder { return &Recorder{at: at} }

// Apply applies the answer of an attachment or a resume.
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
		r.faults = append(r.faults, fmt.Sprintf("records end at seq %d, Now is at seq %d", r.at.Seq, c.Now.Seq))
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

// At returns the client's position.
func (r *Recorder) At() stream.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// Records returns the applied records.
func (r *Recorder) Records() []stream.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// Casts returns the events that arrived without a seq.
func (r *Recorder) Casts() []stream.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.casts)
}

// Resets returns the snapshots that the client received.
func (r *Recorder) Resets() []stream.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.resets)
}

// State returns the data of the last record, or the document of a later reset. It is the
// state of a stream whose events carry the whole state.
func (r *Recorder) State() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Faults returns the gaps and duplicates that the client saw; tests expect none.
func (r *Recorder) Faults() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.faults)
}
