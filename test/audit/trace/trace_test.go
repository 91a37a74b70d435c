package trace

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestRecordsAreOneLine(t *testing.T) {
	long := `{"text":"` + strings.Repeat("x", 2*shown) + `"}`
	for _, tc := range []struct {
		name   string
		record Record
		want   string
	}{
		{"a phase", Record{N: 1, At: 1500 * time.Millisecond, Kind: Phase, Text: "faults"}, "     1    1.500s phase     faults"},
		{
			"a try", Record{N: 2, Kind: Ask, User: "ann", Device: "d1", Conn: 3, Server: 1, Event: "chat:send", Call: "k", Try: 2, Data: json.RawMessage(`{}`)},
			"     2    0.000s ask       ann d1 chat:send k try 2 conn 3 server 1 {}",
		},
		{
			"a push of a resume", Record{N: 3, Kind: Push, User: "bob", Event: "chat:message", Resumed: true, Meta: &wire.Meta{Stream: "chat:c", Epoch: "e", Seq: 7}},
			"     3    0.000s push      bob chat:message (resumed) chat:c@e/7",
		},
		{
			"a refusal", Record{N: 4, Kind: Refused, User: "bob", Err: &wire.Error{Code: wire.CodeNotFound, Message: "gone"}},
			"     4    0.000s refused   bob not_found: gone",
		},
		{"an outcome", Record{N: 5, Kind: Done, Call: "k", Outcome: Unknown}, "     5    0.000s done      k unknown"},
		{"a long payload", Record{N: 6, Kind: Ack, Data: json.RawMessage(long)}, "     6    0.000s ack       " + long[:shown]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.record.String(); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestTraceKeepsTheOrderOfConcurrentRecords(t *testing.T) {
	var out bytes.Buffer
	trace := New(&out)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				trace.Add(Record{Kind: Push, User: "ann"})
			}
		})
	}
	all.Wait()
	trace.Note(Fault, "server %d is killed", 1)
	records := trace.Records()
	if len(records) != 401 || records[400].Text != "server 1 is killed" || records[400].Kind != Fault {
		t.Fatalf("got %d records, the last %+v, want 401 and the fault", len(records), records[len(records)-1])
	}
	decoder := json.NewDecoder(&out)
	for n, r := range records {
		var written Record
		if err := decoder.Decode(&written); err != nil || written.N != n || r.N != n {
			t.Fatalf("record %d: got %+v in memory, %+v in the file, %v", n, r, written, err)
		}
		if n > 0 && r.At < records[n-1].At {
			t.Errorf("record %d: got time %v before %v", n, r.At, records[n-1].At)
		}
	}
	records[0].User = "changed"
	if got := trace.Records()[0].User; got != "ann" {
		t.Errorf("got user %q after a change of the copy, want ann", got)
	}
}
