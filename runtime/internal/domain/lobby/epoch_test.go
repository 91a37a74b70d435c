package lobby

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestReplayIsWhatGetReads: after restarts of the store, a member who applied the patches
// has the lobby that lobby:get reads, with its epoch.
func TestReplayIsWhatGetReads(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	known := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"}))
	at := known.Version
	id := StreamID(known.ID)
	for round := range 4 {
		if round > 0 {
			w.memory.Restart()
		}
		for _, ready := range []bool{true, false} {
			read := w.state(ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: known.ID}))
			if d := cmp.Diff(read, known); d != "" {
				t.Fatalf("after %d restarts (-get +replay):\n%s", round, d)
			}
			reply, err := ann.h.Ready(t.Context(), ann.call, &wire.LobbyReady{LobbyID: known.ID, Ready: ready})
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
				t.Errorf("after %d restarts: the answer is of epoch %s, the replayed lobby of %s", round, reply.Meta.Epoch, known.Epoch)
			}
		}
	}
}

// patched applies the patch of a record to what a member knows.
func patched(t *testing.T, known wire.Lobby, r stream.Record) (next wire.Lobby) {
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
