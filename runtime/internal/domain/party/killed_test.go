package party

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// killed is a world with a party of ann's, whose first pod is killed in the middle of what
// ann, bob or cid ask for. Bob is in, cid is invited, and dan has nothing to do with it.
type killed struct {
	*world
	users  map[string]*client
	party  wire.Party
	invite string
	// code is what a request for another code answered; "" for none.
	code string
}

func newKilled(t *testing.T) *killed {
	k := &killed{world: newWorld(t), users: map[string]*client{}}
	for _, user := range []string{"ann", "bob", "cid", "dan"} {
		k.users[user] = k.client(user)
	}
	k.party = k.users["ann"].create()
	k.state(k.users["bob"].join(k.party.Code))
	reply, err := k.pods[0].Invite(t.Context(), k.users["ann"].call, &wire.PartyInvite{PartyID: k.party.ID, UserID: "cid"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.pods[0].Ban(k.Context(), k.users["ann"].call, &wire.PartyBan{PartyID: k.party.ID, UserID: "eve"}); err != nil {
		t.Fatal(err)
	}
	k.invite = reply.Data.(wire.PartyInviteSent).InviteID
	return k
}

// opens reports an answered code that does not lead to the party, or is not its code.
func (k *killed) opens(code string) {
	k.Helper()
	if code == "" {
		return
	}
	owner, err := k.memory.Owner(k.Context(), codeSpace, code)
	p, loadErr := k.pods[0].service.keeper.Load(k.Context(), k.party.ID)
	if err != nil || loadErr != nil || owner != k.party.ID || p.Code != code {
		k.Errorf("the answered code %s leads to %q (%v), and the party has %s (%v)", code, owner, err, p.Code, loadErr)
	}
}

// left is all that is left, without what is different each time.
func (k *killed) left() (all []string) {
	k.Helper()
	k.opens(k.code)
	p, err := k.pods[0].service.keeper.Load(k.Context(), k.party.ID)
	if err != nil {
		k.Fatal(err)
	}
	all = append(all, fmt.Sprintf("version %d, led by %s, invited %v, banned %v, locked %v, new code %v", p.Version, p.LeaderID,
		slices.Sorted(maps.Keys(p.Invites)), slices.Sorted(maps.Keys(p.Banned)), p.Locked, p.Code != k.party.Code))
	for _, user := range []string{"ann", "bob", "cid", "dan"} {
		m, in := p.Members[user]
		caught, err := k.memory.CatchUp(k.Context(), userstream.StreamID(user), stream.Position{})
		if err != nil {
			k.Fatal(err)
		}
		events := []string{}
		for _, r := range caught.Records {
			events = append(events, r.Name)
		}
		memberships, err := k.memory.List(k.Context(), partiesOf(user))
		if err != nil {
			k.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s: in %v, ready %v, %d memberships, events %v", user, in, m.Ready, len(memberships), events))
	}
	return all
}

// TestKilledAtEachStep kills a pod before each step of each request. The user asks again
// on another pod; in the end all is as if nothing had happened.
func TestKilledAtEachStep(t *testing.T) {
	for name, ask := range map[string]func(k *killed, h *Handlers) (request.Reply, error){
		"create": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Create(k.Context(), k.users["dan"].keyed("k"), &wire.PartyCreate{})
		},
		"join": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Join(k.Context(), k.users["dan"].keyed("k"), &wire.PartyJoin{Code: k.party.Code})
		},
		"invite": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Invite(k.Context(), k.users["bob"].keyed("k"), &wire.PartyInvite{PartyID: k.party.ID, UserID: "dan"})
		},
		"accept": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.RespondInvite(k.Context(), k.users["cid"].keyed("k"), &wire.PartyRespondInvite{InviteID: k.invite, Accept: true})
		},
		"decline": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.RespondInvite(k.Context(), k.users["cid"].keyed("k"), &wire.PartyRespondInvite{InviteID: k.invite})
		},
		"kick": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Kick(k.Context(), k.users["ann"].keyed("k"), &wire.PartyKick{PartyID: k.party.ID, UserID: "bob"})
		},
		"ban": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Ban(k.Context(), k.users["ann"].keyed("k"), &wire.PartyBan{PartyID: k.party.ID, UserID: "bob"})
		},
		"ban a user with an invite": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Ban(k.Context(), k.users["ann"].keyed("k"), &wire.PartyBan{PartyID: k.party.ID, UserID: "cid"})
		},
		"unban": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Unban(k.Context(), k.users["ann"].keyed("k"), &wire.PartyUnban{PartyID: k.party.ID, UserID: "eve"})
		},
		"update": func(k *killed, h *Handlers) (request.Reply, error) {
			closed := false
			return h.Update(k.Context(), k.users["ann"].keyed("k"), &wire.PartyUpdate{PartyID: k.party.ID, Set: &wire.PartySet{Joinable: &closed}})
		},
		"ready": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Ready(k.Context(), k.users["bob"].keyed("k"), &wire.PartyReady{PartyID: k.party.ID, Ready: true})
		},
		"regenerateCode": func(k *killed, h *Handlers) (request.Reply, error) {
			reply, err := h.RegenerateCode(k.Context(), k.users["ann"].keyed("k"), &wire.PartyNewCode{PartyID: k.party.ID})
			if err == nil {
				k.code = reply.Data.(wire.PartyCode).Code
			}
			return reply, err
		},
		"promote": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Promote(k.Context(), k.users["ann"].keyed("k"), &wire.PartyPromote{PartyID: k.party.ID, UserID: "bob"})
		},
		"the leader leaves": func(k *killed, h *Handlers) (request.Reply, error) {
			return h.Leave(k.Context(), k.users["ann"].keyed("k"), &wire.PartyLeave{PartyID: k.party.ID})
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKilled(t)
			if _, err := ask(k, k.pods[0]); err != nil {
				t.Fatal(err)
			}
			k.pass(6 * time.Second) // the second attempt at the side effects
			want, steps := k.left(), 0
			for down := true; down; steps++ {
				k := newKilled(t)
				k.memory.DownAfter(steps)
				_, err := ask(k, k.pods[0])
				down = k.memory.Down()
				k.memory.SetDown(false)
				if down {
					_, err = ask(k, k.pods[1])
				}
				if err != nil {
					t.Errorf("killed before step %d: %v", steps+1, err)
				}
				k.pass(6 * time.Second)
				if d := cmp.Diff(want, k.left()); d != "" {
					t.Errorf("killed before step %d (-want +got):\n%s", steps+1, d)
				}
			}
			if steps < 3 {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}
