// Package trace is the history for an audit: every request, answer, push, cut and fault
// as a record, in the order in which each client saw them.
package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a record.
type Kind string

// The kinds of records.
const (
	// Ask is a try of a request, Ack its answer, Refused its refusal, and Lost a try
	// whose connection ended before the answer.
	Ask     Kind = "ask"
	Ack     Kind = "ack"
	Refused Kind = "refused"
	Lost    Kind = "lost"
	// Done is the outcome of a call after its last try: ok, refused or unknown.
	Done Kind = "done"
	// Push is an event, live or from a resume.
	Push Kind = "push"
	// Connected and Cut are the beginning and the end of a connection.
	Connected Kind = "connected"
	Cut       Kind = "cut"
	// Follow and Unfollow are the beginning and the end of a device's subscription.
	Follow   Kind = "follow"
	Unfollow Kind = "unfollow"
	// Broken is a broken rule of the contract that a device detected.
	Broken Kind = "broken"
	// Fault is an act of the fault schedule, Phase the beginning of a phase of the run.
	Fault Kind = "fault"
	Phase Kind = "phase"
)

// Outcome is the outcome of a call.
type Outcome string

// The outcomes of a call. After Unknown, and after a refusal with another try still
// unanswered, the effect may or may not exist.
const (
	OK        Outcome = "ok"
	Denied    Outcome = "refused"
	Unknown   Outcome = "unknown"
	MaybeDone Outcome = "refused, but an earlier try was not answered"
)

// Record is an occurrence of the run.
type Record struct {
	N    int           `json:"n"`
	At   time.Duration `json:"at"` // since the beginning of the run, in nanoseconds
	Kind Kind          `json:"kind"`
	// User and Device name the client; Conn counts the connections of the device.
	User   string `json:"user,omitempty"`
	Device string `json:"device,omitempty"`
	Conn   int    `json:"conn,omitempty"`
	Server int    `json:"server,omitempty"`
	// Call is the idempotency key of a request, or a name for a request without a key.
	Call  string `json:"call,omitempty"`
	Try   int    `json:"try,omitempty"`
	Event string `json:"event,omitempty"`
	// Data is the request, the data of the acknowledgement, or the payload of the push.
	Data json.RawMessage `json:"data,omitempty"`
	// Meta is the position of a push or of an acknowledgement in its stream.
	Meta    *wire.Meta  `json:"meta,omitempty"`
	Err     *wire.Error `json:"err,omitempty"`
	Outcome Outcome     `json:"outcome,omitempty"`
	Resumed bool        `json:"resumed,omitempty"`
	Text    string      `json:"text,omitempty"`
}

// shown bounds the payload in String, in bytes.
const shown = 300

// String returns the record on one line.
func (r Record) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6d %8.3fs %-9s", r.N, r.At.Seconds(), r.Kind)
	for _, word := range []string{r.User, r.Device, r.Event, r.Call, string(r.Outcome), r.Text} {
		if word != "" {
			b.WriteString(" " + word)
		}
	}
	if r.Try > 0 {
		fmt.Fprintf(&b, " try %d", r.Try)
	}
	if r.Device != "" {
		fmt.Fprintf(&b, " conn %d server %d", r.Conn, r.Server)
	}
	if r.Resumed {
		b.WriteString(" (resumed)")
	}
	if r.Meta != nil {
		fmt.Fprintf(&b, " %s@%s/%d", r.Meta.Stream, r.Meta.Epoch, r.Meta.Seq)
	}
	if r.Err != nil {
		b.WriteString(" " + r.Err.Error())
	}
	if len(r.Data) > 0 {
		b.WriteString(" " + string(r.Data[:min(shown, len(r.Data))]))
	}
	return b.String()
}

// Trace collects records. It is safe for concurrent use.
type Trace struct {
	mu      sync.Mutex
	began   time.Time
	records []Record
	out     *bufio.Writer
}

// New returns a trace that is also written to w, a JSON object per line.
func New(w io.Writer) *Trace { return &Trace{began: time.Now(), out: bufio.NewWriterSize(w, 1<<20)} }

// Add appends a record; it sets the record's number and time.
func (t *Trace) Add(r Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.N, r.At = len(t.records), time.Since(t.began)
	t.records = append(t.records, r)
	if line, err := json.Marshal(r); err == nil {
		_, _ = t.out.Write(append(line, '\n')) // the audit judges the records in memory
	}
}

// Note adds a record of a phase or a fault.
func (t *Trace) Note(kind Kind, format string, args ...any) {
	t.Add(Record{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// Records returns a copy of all records so far, and flushes the output.
func (t *Trace) Records() []Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.out.Flush()
	return append([]Record(nil), t.records...)
}
