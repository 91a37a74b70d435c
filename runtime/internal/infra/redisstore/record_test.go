package redisstore

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

func TestDecodeRecord(t *testing.T) {
	good := map[string]stream.Record{
		"7 1700000000000 e1 chat:message -\n{\"a\":\n1}": {
			Position: stream.Position{Epoch: "e1", Seq: 7}, TS: 1700000000000,
			Event: stream.Event{Name: "chat:message", Data: []byte("{\"a\":\n1}")},
		},
		"1 2 e x {\"unfollow\":[\"chat:a\"]}\n{}": {
			Position: stream.Position{Epoch: "e", Seq: 1}, TS: 2,
			Event: stream.Event{Name: "x", Data: []byte("{}"), Control: stream.Control{Unfollow: []stream.ID{"chat:a"}}},
		},
	}
	for entry, want := range good {
		got, err := decodeRecord(entry)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", entry, err, diff)
		}
	}
	for _, bad := range []string{
		"", "\n{}", "1 2 e x -", "1 2 e x\n{}", "x 2 e x -\n{}", "1 x e x -\n{}", "1 2  x -\n{}",
		"1 2 e  -\n{}", "1 2 e x {\n{}", "-1 2 e x -\n{}",
	} {
		if r, err := decodeRecord(bad); err == nil {
			t.Errorf("decoded %q as %+v, want an error", bad, r)
		}
	}
}

// The decoder never panics, and accepts only records as the scripts write them.
func FuzzDecodeRecord(f *testing.F) {
	f.Add("7 1700000000000 e1 chat:message -\n{}")
	f.Add("1 2 e x {\"unfollow\":[\"chat:a\"]}\n{\"b\":2}")
	f.Add("1 2 e x\n")
	for _, bomb := range bombs.JSON() {
		f.Add("1 2 e x " + bomb + "\n{}")
		f.Add(bomb + " 2 e x -\n" + bomb)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		r, err := decodeRecord(entry)
		if err != nil {
			return
		}
		tail, err := encodeEvent(&r.Event)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeRecord(fmt.Sprintf("%d %d %s %s", r.Seq, r.TS, r.Epoch, tail))
		if err != nil {
			t.Fatalf("%q does not decode after encoding: %v", entry, err)
		}
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: %s", entry, diff)
		}
	})
}
