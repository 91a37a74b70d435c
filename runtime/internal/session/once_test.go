package session

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A request that is repeated on another device gives that device the streams, also where
// the first device had them before the request.
func TestARepeatedRequestSubscribesTheOtherDevice(t *testing.T) {
	b := following(t)
	request := follow1{ID: "doc:a", Key: wire.Key{Key: "k"}}
	if a := b.request("test:follow", request); !a.OK {
		t.Fatal(a.Error)
	}
	conn := &fakeConn{}
	device, err := b.m.Open(t.Context(), conn, json.RawMessage(`{"token":"ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	device.Start()
	t.Cleanup(func() { device.Closed(false) })
	other := &bench{t: t, db: b.db, m: b.m, docs: b.docs, conn: conn, s: device}
	if a := other.request("test:follow", request); !a.OK {
		t.Fatal(a.Error)
	}
	b.commit("doc:a", stream.Control{})
	other.eventually("a push", func() bool { return slices.Contains(other.seqs("doc:changed", "doc:a"), 3) })
}
