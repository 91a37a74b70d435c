package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const direct = "direct:ann:bob"

// killed is a world of two pods. The first pod is killed during a request of ann or bob. Ann
// moderates; she has sent "one" and "two", and bob "three".
type killed struct {
	*world
	pods     [2]*Handlers
	ann, bob *connection
	// asked are the calls of the filter, which replaces a webhook.
	asked []string
}

func newKilled(t *testing.T) *killed {
	k := &killed{world: newWorld(t)}
	k.members["cid"] = true
	k.policy.Edit, k.moderator, k.policy.Filters = true, "ann", []Filter{k}
	for i := range k.pods {
		k.pods[i] = NewHandlers(NewService(k.store, k, k.h.service.Settings))
	}
	k.h = k.pods[0]
	k.ann, k.bob = k.connect("ann"), k.connect("bob")
	for i, text := range []string{"one", "two", "three"} {
		[]*connection{k.ann, k.ann, k.bob}[i].mustSend(text, text)
	}
	return k
}

// Channel also authorizes a direct channel.
func (k *killed) Channel(ctx context.Context, caller request.Caller, name string) (Policy, error) {
	if name != direct {
		return k.world.Channel(ctx, caller, name)
	}
	p := k.policy
	p.Peer = map[string]string{"ann": "bob", "bob": "ann"}[caller.ID]
	return p, nil
}

// Check replaces a word, as a service may. The service is another process, so it is called
// again after a pod has died.
func (k *killed) Check(_ context.Context, d Draft) (string, error) {
	k.asked = append(k.asked, d.Text)
	return strings.ReplaceAll(d.Text, "darn", "****"), nil
}

// left returns the whole state, without the parts that differ in each run.
func (k *killed) left() map[string][]string {
	k.Helper()
	left, ids := map[string][]string{}, map[string]string{}
	for _, name := range []string{channel, direct} {
		for _, r := range k.records(StreamID(name)) {
			id, text := plain(k.T, r)
			at := fmt.Sprint(name, " ", r.Seq)
			if r.Name == wire.EventChatMessage {
				ids[id] = at
			}
			left[name] = append(left[name], fmt.Sprint(r.Seq, " ", r.Name, " of ", ids[id], " ", text))
		}
	}
	for _, user := range []string{"ann", "bob", "cid"} {
		for _, r := range k.records(userstream.StreamID(user)) {
			id, text := plain(k.T, r)
			left[user] = append(left[user], fmt.Sprint(r.Name, " of ", ids[id], " ", text))
		}
	}
	marks, _, _, err := k.pods[1].service.marks(k.Context(), channel)
	if err != nil {
		k.Fatal(err)
	}
	for _, user := range slices.Sorted(maps.Keys(marks.ReadTo)) {
		left["read"] = append(left["read"], fmt.Sprint(user, " to ", marks.ReadTo[user]))
	}
	return left
}

// place returns the seq of a reply; 0 for none.
func place(r request.Reply) uint64 {
	if r.Meta == nil {
		return 0
	}
	return r.Meta.Seq
}

// plain returns a payload as text without the id of its message, and that id.
func plain(t *testing.T, r stream.Record) (id, text string) {
	t.Helper()
	var payload map[string]any
	if err := json.Unmarshal(r.Data, &payload); err != nil {
		t.Fatal(err)
	}
	id, _ = payload["id"].(string)
	delete(payload, "id")
	rest, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return id, string(rest)
}

// TestKilledAtEachStep kills a pod before each step of each request, and finally before the
// answer. The user repeats the request on another pod with the same key. The final state
// equals that of a run without a kill: nothing twice, and nothing lost.
func TestKilledAtEachStep(t *testing.T) {
	for name, flow := range map[string]struct {
		// steps is the minimum number of steps.
		steps int
		ask   func(k *killed, h *Handlers) (request.Reply, error)
	}{
		"send, past a filter": {1, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Send(k.Context(), k.ann.keyed("k"), &wire.ChatSend{Channel: channel, Text: "darn it", Key: wire.Key{Key: "k"}})
		}},
		"send, with mentions": {3, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Send(k.Context(), k.ann.keyed("k"), &wire.ChatSend{Channel: channel, Text: "you two", Mentions: []string{"bob", "cid"}})
		}},
		"send to one": {2, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Send(k.Context(), k.ann.keyed("k"), &wire.ChatSend{Channel: direct, Text: "darn", Key: wire.Key{Key: "k"}})
		}},
		"edit": {2, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Edit(k.Context(), k.ann.keyed("k"), &wire.ChatEdit{ChatTarget: target(2), Text: "darn two"})
		}},
		"delete another's": {2, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Delete(k.Context(), k.ann.keyed("k"), &wire.ChatDelete{ChatTarget: target(3), Reason: "spam"})
		}},
		"react": {2, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.React(k.Context(), k.bob.keyed("k"), &wire.ChatReact{ChatTarget: target(1), Reaction: "+1"})
		}},
		"read": {4, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Read(k.Context(), k.bob.keyed("k"), &wire.ChatRead{Channel: channel, Seq: 2})
		}},
		"mute": {1, func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Mute(k.Context(), k.ann.keyed("k"), &wire.ChatMute{Channel: channel, UserID: "bob"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKilled(t)
			before := k.left()
			wanted, err := flow.ask(k, k.pods[0])
			if err != nil {
				t.Fatal(err)
			}
			want, steps := k.left(), 0
			if cmp.Equal(before, want) {
				t.Fatal("the request changed nothing, want a change")
			}
			for down := true; down; steps++ {
				k := newKilled(t)
				k.store.DownAfter(steps)
				first, err := flow.ask(k, k.pods[0])
				if down = k.store.Down(); err != nil && !down {
					t.Fatal(err)
				}
				k.store.SetDown(false)
				if err == nil {
					k.pass(time.Second)
				}
				reply, again := flow.ask(k, k.pods[1])
				switch {
				case again != nil:
					t.Errorf("killed before step %d, repeated: %v", steps+1, again)
				case err == nil && !cmp.Equal(first, reply): // it died before it could say so
					t.Errorf("killed before step %d, repeated (-first +then):\n%s", steps+1, cmp.Diff(first, reply))
				case place(reply) != place(wanted):
					t.Errorf("killed before step %d, repeated: %+v, want %+v", steps+1, reply, wanted)
				}
				if d := cmp.Diff(want, k.left()); d != "" {
					t.Errorf("killed before step %d (-want +got):\n%s", steps+1, d)
				}
			}
			if steps-1 < flow.steps {
				t.Errorf("only %d steps", steps-1)
			}
		})
	}
}

// TestKilledDuringAFilterCall kills the pod that waits for a filter's answer.
func TestKilledDuringAFilterCall(t *testing.T) {
	k := newKilled(t)
	asked := len(k.asked)
	ctx, kill := context.WithCancel(t.Context())
	k.policy.Filters = []Filter{dying{kill}, k}
	send := &wire.ChatSend{Channel: channel, Text: "darn it"}
	if _, err := k.pods[0].Send(ctx, k.ann.keyed("k"), send); err == nil || len(k.records(StreamID(channel))) != 3 {
		t.Errorf("the dead pod sent: %v", err)
	}
	k.policy.Filters = []Filter{k}
	if reply, err := k.pods[1].Send(t.Context(), k.ann.keyed("k"), send); err != nil || reply.Meta.Seq != 4 {
		t.Errorf("repeated: %+v, %v", reply, err)
	}
	if got := k.records(StreamID(channel)); len(got) != 4 || !strings.Contains(string(got[3].Data), "**** it") {
		t.Errorf("said was %v", got)
	}
	if d := cmp.Diff([]string{"darn it", "darn it"}, k.asked[asked:]); d != "" {
		t.Errorf("calls of the filter (-want +got):\n%s", d)
	}
}

// dying is a filter whose pod dies during the call.
type dying struct{ kill func() }

func (d dying) Check(_ context.Context, draft Draft) (string, error) {
	d.kill()
	return draft.Text, nil
}
