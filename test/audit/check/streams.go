package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// place is a position in a stream.
type place struct {
	stream, epoch string
	seq           uint64
}

func placeOf(m *wire.Meta) place { return place{m.Stream, m.Epoch, m.Seq} }

func (p place) String() string { return fmt.Sprintf("%s, epoch %s, seq %d", p.stream, p.epoch, p.seq) }

// places reports two pushes with one position and different contents, and one seq with
// two contents in two epochs, because Redis loses nothing in these runs.
func places(h History, report reporter) {
	first := make(map[place]trace.Record)
	for _, r := range h {
		if r.Kind != trace.Push || r.Meta == nil || strings.HasSuffix(r.Event, ":snapshot") {
			continue
		}
		at := placeOf(r.Meta)
		was, known := first[at]
		switch {
		case !known:
			first[at] = r
		case was.Event != r.Event || !sameJSON(was.Data, r.Data):
			report([]int{was.N, r.N}, "%v is %s to %s and %s to %s: %s, %s", at, was.Event, was.User, r.Event, r.User, difference(was.Data, r.Data), difference(r.Data, was.Data))
		}
	}
	seqs := make(map[place]trace.Record)
	for at, r := range first {
		at.epoch = ""
		if was, known := seqs[at]; known && was.Meta.Epoch != r.Meta.Epoch {
			report([]int{was.N, r.N}, "%s has two events with seq %d, in the epochs %s and %s", at.stream, at.seq, was.Meta.Epoch, r.Meta.Epoch)
		}
		seqs[at] = r
	}
}

// states are the whole states of lobbies or parties that members received, by stream and
// version, and the patches between them.
type states struct {
	whole   map[string]map[uint64]trace.Record
	patches map[string]map[uint64]json.RawMessage // by the resulting version
	other   map[string]map[uint64]bool            // events of back ends, which only increment the version
}

// docOf returns the state inside an answer or a snapshot.
func docOf(r trace.Record, kind string) (doc json.RawMessage) {
	var holder map[string]json.RawMessage
	if json.Unmarshal(r.Data, &holder) != nil {
		return nil
	}
	return holder[kind]
}

// state has the common fields of lobbies and parties.
type state struct {
	ID      string                     `json:"id"`
	Version uint64                     `json:"version"`
	Members map[string]json.RawMessage `json:"members"`
}

func (h History) states(kind string) states {
	s := states{make(map[string]map[uint64]trace.Record), make(map[string]map[uint64]json.RawMessage), make(map[string]map[uint64]bool)}
	for _, r := range h {
		switch {
		case r.Kind == trace.Ack, r.Kind == trace.Push && strings.HasSuffix(r.Event, ":snapshot"):
			var at state
			doc := docOf(r, kind)
			if len(doc) == 0 || json.Unmarshal(doc, &at) != nil {
				continue
			}
			if _, in := at.Members[r.User]; in {
				put(s.whole, kind+":"+at.ID, at.Version, r)
			}
		case r.Kind == trace.Push && r.Meta != nil && strings.HasPrefix(r.Meta.Stream, kind+":"):
			var patch struct {
				To  uint64          `json:"to"`
				Ops json.RawMessage `json:"ops"`
			}
			if json.Unmarshal(r.Data, &patch) == nil && patch.To > 0 {
				put(s.patches, r.Meta.Stream, patch.To, patch.Ops)
			} else {
				put(s.other, r.Meta.Stream, r.Meta.Seq, true)
			}
		}
	}
	return s
}

// put keeps the first value of a version.
func put[T any](in map[string]map[uint64]T, stream string, version uint64, v T) {
	if in[stream] == nil {
		in[stream] = make(map[uint64]T)
	}
	if _, known := in[stream][version]; !known {
		in[stream][version] = v
	}
}

// replay reports different states of one version, and patches that do not lead from one
// state to the next.
func replay(h History, report reporter) {
	for _, kind := range []string{"lobby", "party"} {
		replayKind(h, kind, report)
	}
}

func replayKind(h History, kind string, report reporter) {
	s := h.states(kind)
	for _, r := range h {
		if r.Kind != trace.Ack {
			continue
		}
		var at state
		doc := docOf(r, kind)
		if len(doc) == 0 || json.Unmarshal(doc, &at) != nil {
			continue
		}
		was, known := s.whole[kind+":"+at.ID][at.Version]
		if _, in := at.Members[r.User]; !in || !known || was.N == r.N {
			continue
		}
		if before := docOf(was, kind); !sameJSON(before, doc) {
			report([]int{was.N, r.N}, "%s %s has two states with version %d: to %s %s, to %s %s", kind, at.ID, at.Version, was.User, difference(before, doc), r.User, difference(doc, before))
		}
	}
	for stream, whole := range s.whole {
		versions := slices.Sorted(maps.Keys(whole))
		for i := 1; i < len(versions); i++ {
			replayStep(s, stream, kind, whole[versions[i-1]], whole[versions[i]], versions[i-1], versions[i], report)
		}
	}
}

// replayStep patches the state of one version to that of another, if all patches between
// them are known.
func replayStep(s states, stream, kind string, from, to trace.Record, version, end uint64, report reporter) {
	doc := docOf(from, kind)
	for v := version + 1; v <= end; v++ {
		ops, known := s.patches[stream][v]
		if !known && s.other[stream][v] {
			ops = json.RawMessage(fmt.Sprintf(`[{"op": "replace", "path": "/version", "value": %d}]`, v))
		} else if !known {
			return
		}
		patch, err := jsonpatch.DecodePatch(ops)
		if err == nil {
			doc, err = patch.Apply(doc)
		}
		if err != nil {
			report([]int{from.N, to.N}, "%s: the patch to version %d cannot be applied: %v", stream, v, err)
			return
		}
	}
	if want := docOf(to, kind); !sameJSON(doc, want) {
		report([]int{from.N, to.N}, "%s: the patches from version %d lead to %s at version %d, and %s was read", stream, version, difference(doc, want), end, difference(want, doc))
	}
}
