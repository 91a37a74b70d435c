package party

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestReplayIsWhatGetReads: after restarts of the store, a member who applied the patches
// has the party that party:get reads, with its epoch.
func TestReplayIsWhatGetReads(t *testing.T) {
	w := newWorld(t)
	ann := w.client("ann")
	known := ann.create()
	at := known.Version
	id := StreamID(known.ID)
	for round := range 4 {
		if round > 0 {
			w.memory.Restart()
		}
		for n := range 2 {
			read := w.state(ann.h.Get(t.Context(), ann.call, &wire.PartyGet{PartyID: known.ID}))
			if d := cmp.Diff(read, known); d != "" {
				t.Fatalf("after %d restarts (-get +replay):\n%s", round, d)
			}
			reply, err := ann.h.SetMember(t.Context(), ann.call, &wire.PartySetMember{
				PartyID: known.ID, Attributes: wire.Attributes{"n": float64(10*round + n)},
			})
			if err != nil {
				t.Fatal(err)
			}
			page, err := w.memory.Page(t.Context(), id, stream.PageQuery{After: at, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				known, at = patched(t, known, r), r.Seq
			}
			if reply.Meta.Epoch != known.Epoch {
				t.Errorf("after %d restarts: the answer is of epoch %s, the replayed party of %s", round, reply.Meta.Epoch, known.Epoch)
			}
		}
	}
}

// patched applies the patch of a record to what a member knows.
func patched(t *testing.T, known wire.Party, r stream.Record) (next wire.Party) {
	t.Helper()
	var patch struct{ Ops jsonpatch.Patch }
	doc, err := json.Marshal(known)
	if err == nil {
		err = json.Unmarshal(r.Data, &patch)
	}
	if err == nil {
		doc, err = patch.Ops.Apply(doc)
	}
	if err == nil {
		err = json.Unmarshal(doc, &next)
	}
	if err != nil {
		t.Fatalf("patch %s: %v", r.Data, err)
	}
	return next
}
