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

// killed is a world of two pods, of which the first is killed in the middle of what ann or
// bob ask for. Ann moderates; she has said "one" and "two", and bob "three".
type killed struct {
	*world
	pods     [2]*Handlers
	ann, bob *connection
	// asked is what the filter was asked, in place of a webhook.
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

// Channel has a direct channel too.
func (k *killed) Channel(ctx context.Context, caller request.Caller, name string) (Policy, error) {
	if name != direct {
		return k.world.Channel(ctx, caller, name)
	}
	p := k.policy
	p.Peer = map[string]string{"ann": "bob", "bob": "ann"}[caller.ID]
	return p, nil
}

// Check puts a word in place of another, as a service may. It is another process, so
// that it is asked again after a pod has died.
func (k *killed) Check(_ context.Context, d Draft) (string, error) {
	k.asked = append(k.asked, d.Text)
	return strings.ReplaceAll(d.Text, "darn", "****"), nil
}

// left is all that is left, without what is different each time.
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

// place is the seq that a reply names; 0 when it names none.
func place(r request.Reply) uint64 {
	if r.Meta == nil {
		return 0
	}
	return r.Meta.Seq
}

// plain is a payload as text, and the id of the message that it is about, which is not in it.
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

// TestKilledAtEachStep kills a pod before each step of each request, and at last before it
// has answered. The user asks again on another pod under the same key; in the end all is
// as if nothing had happened: nothing twice, and nothing lost.
func TestKilledAtEachStep(t *testing.T) {
	for name, flow := range map[string]struct {
		// steps are how many there are at least.
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
				t.Fatal("nothing changes by it")
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
					t.Errorf("killed before step %d, asked again: %v", steps+1, again)
				case err == nil && !cmp.Equal(first, reply): // it died before it could say so
					t.Errorf("killed before step %d, asked again (-first +then):\n%s", steps+1, cmp.Diff(first, reply))
				case place(reply) != place(wanted):
					t.Errorf("killed before step %d, asked again: %+v, want %+v", steps+1, reply, wanted)
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

// TestKilledWhileAFilterIsAsked kills the pod that waits for a filter's answer.
func TestKilledWhileAFilterIsAsked(t *testing.T) {
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
		t.Errorf("asked again: %+v, %v", reply, err)
	}
	if got := k.records(StreamID(channel)); len(got) != 4 || !strings.Contains(string(got[3].Data), "**** it") {
		t.Errorf("said was %v", got)
	}
	if d := cmp.Diff([]string{"darn it", "darn it"}, k.asked[asked:]); d != "" {
		t.Errorf("the filter was asked (-want +got):\n%s", d)
	}
}

// dying is a filter whose pod dies while it is asked.
type dying struct{ kill func() }

func (d dying) Check(_ context.Context, draft Draft) (string, error) {
	d.kill()
	return draft.Text, nil
}
