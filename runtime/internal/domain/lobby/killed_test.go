package lobby

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// flow is what happens in several steps of the store. It begins where ready leaves off,
// and is asked for by a user, or comes by itself once time has passed.
type flow struct {
	name  string
	ready func(k *killed)
	ask   func(k *killed, h *Handlers) (request.Reply, error)
	after time.Duration
	// single says that the flow is one step of the store.
	single bool
}

// killed is a world whose first pod is killed in the middle of a flow.
type killed struct {
	*world
	ann, bob *client
	id       string
	// before is the lobby as the flow finds it.
	before rules.Lobby
}

func newKilled(t *testing.T) *killed {
	w := newWorld(t, func(p *rules.Policy) {
		p.Host.EndMatch, p.Join.ChangeRole = true, true
		p.Join.Requests, p.Ready.Countdown = true, 5*time.Second
		p.Moderation.VoteKick, p.Moderation.VoteRatio = true, 0.5
	})
	k := &killed{world: w, ann: w.client("ann"), bob: w.client("bob")}
	k.id = k.ann.create().ID
	return k
}

func (k *killed) joined() { k.state(k.bob.join(k.id)) }

func (k *killed) started() {
	k.joined()
	k.version(k.ann.h.Start(k.Context(), k.ann.call, &wire.LobbyRef{LobbyID: k.id}))
}

func (k *killed) invited() {
	if _, err := k.ann.h.Invite(k.Context(), k.ann.call, &wire.LobbyMemberRef{LobbyID: k.id, UserID: "bob"}); err != nil {
		k.Fatal(err)
	}
}

func (k *killed) offered() {
	k.joined()
	k.version(k.bob.h.SetMember(k.Context(), k.bob.call, &wire.LobbySetMember{LobbyID: k.id, SwapWith: new("ann")}))
}

func (k *killed) wanted() {
	if _, err := k.bob.h.RequestJoin(k.Context(), k.bob.call, &wire.LobbyRequestJoin{LobbyID: k.id}); err != nil {
		k.Fatal(err)
	}
}

var flows = []flow{
	{name: "create", ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Create(k.Context(), k.bob.keyed("k"), &wire.LobbyCreate{Type: "duel", Name: "Bob's"})
	}},
	{name: "join", ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Join(k.Context(), k.bob.keyed("k"), &wire.LobbyJoin{LobbyID: k.id})
	}},
	{name: "join by code", ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Join(k.Context(), k.bob.keyed("k"), &wire.LobbyJoin{Code: k.before.Code})
	}},
	{name: "leave", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Leave(k.Context(), k.bob.keyed("k"), &wire.LobbyLeave{LobbyID: k.id})
	}},
	{name: "the host leaves", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Leave(k.Context(), k.ann.keyed("k"), &wire.LobbyLeave{LobbyID: k.id})
	}},
	{name: "kick", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Kick(k.Context(), k.ann.keyed("k"), &wire.LobbyKick{LobbyID: k.id, UserID: "bob"})
	}},
	{name: "ban", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Ban(k.Context(), k.ann.keyed("k"), &wire.LobbyBan{LobbyID: k.id, UserID: "bob"})
	}},
	{name: "vote-kick", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.VoteKick(k.Context(), k.bob.keyed("k"), &wire.LobbyMemberRef{LobbyID: k.id, UserID: "ann"})
	}},
	{name: "invite", ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Invite(k.Context(), k.ann.keyed("k"), &wire.LobbyMemberRef{LobbyID: k.id, UserID: "bob"})
	}},
	{name: "accept an invite", ready: (*killed).invited, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.RespondInvite(k.Context(), k.bob.keyed("k"), &wire.LobbyRespondInvite{InviteID: k.before.Invites["bob"].ID, Accept: true})
	}},
	{name: "ask to be let in", ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.RequestJoin(k.Context(), k.bob.keyed("k"), &wire.LobbyRequestJoin{LobbyID: k.id})
	}},
	{name: "let in", ready: (*killed).wanted, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.RespondJoin(k.Context(), k.ann.keyed("k"), &wire.LobbyRespondJoin{LobbyID: k.id, UserID: "bob", Accept: true})
	}},
	{name: "start", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Start(k.Context(), k.ann.keyed("k"), &wire.LobbyRef{LobbyID: k.id})
	}},
	{name: "the countdown ends", ready: (*killed).started, after: 5 * time.Second},
	{name: "the match is reported", ready: func(k *killed) { k.started(); k.pass(5 * time.Second) }, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		_, err := h.service.ReportMatch(k.Context(), "k", rules.Report{MatchID: k.before.Match.ID, Ended: true})
		return request.Reply{}, err
	}},
	{name: "the host ends the match", ready: func(k *killed) { k.started(); k.pass(5 * time.Second) }, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.End(k.Context(), k.ann.keyed("k"), &wire.LobbyEnd{LobbyID: k.id, MatchID: k.before.Match.ID, Result: wire.Attributes{"won": "1"}})
	}},
	{name: "become a spectator", single: true, ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.SetMember(k.Context(), k.bob.keyed("k"), &wire.LobbySetMember{LobbyID: k.id, Role: wire.RoleSpectator})
	}},
	{name: "offer a place", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.SetMember(k.Context(), k.bob.keyed("k"), &wire.LobbySetMember{LobbyID: k.id, SwapWith: new("ann")})
	}},
	{name: "change places", single: true, ready: (*killed).offered, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.SetMember(k.Context(), k.ann.keyed("k"), &wire.LobbySetMember{LobbyID: k.id, SwapWith: new("bob")})
	}},
	{name: "an offer lapses", ready: (*killed).offered, after: rules.SwapTTL},
	{name: "who is away too long", ready: func(k *killed) { k.joined(); k.bob.closed() }, after: 31 * time.Second},
	{name: "close", ready: (*killed).joined, ask: func(k *killed, h *Handlers) (request.Reply, error) {
		return h.Close(k.Context(), k.ann.keyed("k"), &wire.LobbyRef{LobbyID: k.id})
	}},
}

// run carries the flow out on a pod, or has it come by itself.
func (f flow) run(k *killed, pod int) error {
	if f.ask != nil {
		_, err := f.ask(k, k.pods[pod])
		return err
	}
	_, err := k.deadlines.Tick(k.Context(), k.pods[pod].service.OnDeadline)
	return err
}

// left is all that is left of a flow, without what is different each time.
type left struct {
	Members, Causes []string
	Status          wire.LobbyStatus
	// Told are the events of each user's stream, Stays in how many lobbies each is.
	Told  map[string][]string
	Stays map[string]int
}

func (k *killed) left() left {
	k.Helper()
	l := k.doc(k.id)
	out := left{Status: l.Status, Causes: k.causesOf(k.id), Told: map[string][]string{}, Stays: map[string]int{}}
	for _, id := range slices.Sorted(maps.Keys(l.Members)) {
		out.Members = append(out.Members, fmt.Sprintf("%s %s at %d connected %v, swap with %q", id, l.Members[id].Role, l.Members[id].Slot, l.Members[id].Connected(), l.Members[id].SwapWith))
	}
	for _, user := range []string{"ann", "bob"} {
		caught, err := k.memory.CatchUp(k.Context(), userstream.StreamID(user), stream.Position{})
		if err != nil {
			k.Fatal(err)
		}
		for _, r := range caught.Records {
			var about struct{ Reason string }
			if err := json.Unmarshal(r.Data, &about); err != nil {
				k.Fatal(err)
			}
			out.Told[user] = append(out.Told[user], r.Name+" "+about.Reason)
		}
		in, err := k.memory.List(k.Context(), lobbiesOf(user))
		if err != nil {
			k.Fatal(err)
		}
		out.Stays[user] = len(in)
	}
	return out
}

// TestKilledAtEachStep kills a pod before each step of each flow. The user asks again on
// another pod, or another pod looks at what is due; in the end all is as if nothing had
// happened: nothing twice, and nothing lost.
func TestKilledAtEachStep(t *testing.T) {
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			begun := func() *killed {
				k := newKilled(t)
				if f.ready != nil {
					f.ready(k)
				}
				k.before = k.doc(k.id)
				k.mu.Lock()
				k.now = k.now.Add(f.after)
				k.mu.Unlock()
				return k
			}
			k := begun()
			if err := f.run(k, 0); err != nil {
				t.Fatal(err)
			}
			k.pass(6 * time.Second) // the second attempt at the side effects
			want, steps := k.left(), 0
			for ; ; steps++ {
				k := begun()
				k.memory.DownAfter(steps)
				err := f.run(k, 0)
				down := k.memory.Down()
				k.memory.SetDown(false)
				if !down && err != nil {
					t.Fatal(err)
				}
				if down && f.ask != nil {
					if err := f.run(k, 1); err != nil {
						t.Errorf("killed before step %d: asked again: %v", steps+1, err)
					}
				}
				k.pass(6 * time.Second)
				if d := cmp.Diff(want, k.left()); d != "" {
					t.Errorf("killed before step %d (-want +got):\n%s", steps+1, d)
				}
				if !down {
					break
				}
			}
			if steps < 2 && !f.single {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}
