package rules_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Whatever users do and however time passes: there is one leader as long as there
// are members, nobody is in twice, no bound is passed, and the patches lead a client
// from version to version to what the party is.
func TestAlwaysWhole(t *testing.T) {
	users := []string{"ann", "bob", "cid", "dan", "eve"}
	rapid.Check(t, func(t *rapid.T) {
		now := rulestest.T0
		p, patches, err := rules.Create(rules.CreateCommand{ID: rulestest.PartyID, Code: "CODE", Leader: rulestest.Actor("ann"), MaxMembers: 3}, now)
		if err != nil {
			t.Fatal(err)
		}
		client := apply(t, []byte("null"), patches)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			user, other := rapid.SampledFrom(users).Draw(t, "user"), rapid.SampledFrom(users).Draw(t, "other")
			session := fmt.Sprint(user, rapid.IntRange(1, 2).Draw(t, "session"))
			next, patches, err := act(t, p, user, other, session, now)
			if err != nil {
				if len(patches) > 0 {
					t.Fatalf("a refusal with patches: %v", err)
				}
				continue
			}
			p = next
			client = apply(t, client, patches)
			whole(t, p, client, now)
		}
	})
}

func act(t *rapid.T, p rules.Party, user, other, session string, now time.Time) (rules.Party, []wire.PartyPatch, error) {
	who := rules.Actor{ID: user, Session: session}
	switch rapid.IntRange(0, 14).Draw(t, "command") {
	case 0:
		return p.Join(rules.JoinCommand{User: who, MembershipID: session, Code: "CODE"}, now)
	case 1:
		return p.Invite(who, other, other, now)
	case 2:
		return p.Join(rules.JoinCommand{User: who, MembershipID: session, Invite: p.Invites[user].ID}, now)
	case 3:
		return p.Decline(user, p.Invites[user].ID, now)
	case 4:
		return p.Leave(rules.Actor{ID: user}, now)
	case 5:
		return p.Kick(user, other, "", now)
	case 6:
		return p.Promote(user, other, now)
	case 7:
		return p.Disconnect(user, session, now)
	case 8:
		return p.Reconnect(user, session, now)
	case 9:
		return p.Ban(user, other, "", now)
	case 10:
		return p.Unban(user, other, now)
	case 11:
		joinable, size := rapid.Bool().Draw(t, "joinable"), rapid.IntRange(1, 4).Draw(t, "size")
		set := wire.PartySet{Joinable: &joinable, MaxMembers: &size, Attributes: wire.Attributes{"map": other}}
		return p.Update(rules.UpdateCommand{Leader: user, Set: set}, now)
	case 12:
		return p.Ready(user, rapid.Bool().Draw(t, "ready"), now)
	case 13:
		return p.RegenerateCode(user, "CODE", now)
	}
	return p.Tick(now)
}

func apply(t *rapid.T, doc []byte, patches []wire.PartyPatch) []byte {
	for _, patch := range patches {
		if patch.To != patch.From+1 {
			t.Fatalf("a patch from %d to %d", patch.From, patch.To)
		}
		ops, _ := json.Marshal(patch.Ops)
		decoded, err := jsonpatch.DecodePatch(ops)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = decoded.Apply(doc); err != nil {
			t.Fatalf("%s: %v", ops, err)
		}
	}
	return doc
}

func whole(t *rapid.T, p rules.Party, client []byte, now time.Time) {
	view, _ := json.Marshal(p.View())
	if !jsonpatch.Equal(view, client) {
		t.Fatalf("the party is %s, a client has %s", view, client)
	}
	if p.Closed() != (len(p.Members) == 0) {
		t.Fatalf("closed %v with %d members", p.Closed(), len(p.Members))
	}
	if !p.Closed() && !p.Has(p.LeaderID) {
		t.Fatalf("%s leads and is not in", p.LeaderID)
	}
	if len(p.Members) > p.MaxMembers || len(p.Departed) > rules.MaxDepartures || len(p.Invites) > rules.MaxInvites {
		t.Fatalf("%d members, %d departed, %d invites", len(p.Members), len(p.Departed), len(p.Invites))
	}
	for id := range p.Invites {
		if p.Has(id) {
			t.Fatalf("%s is in and asked in", id)
		}
		if p.Banned[id] != 0 {
			t.Fatalf("%s is kept out and asked in", id)
		}
	}
	for id := range p.Banned {
		if p.Has(id) && p.Banned[id] > now.UnixMilli() {
			t.Fatalf("%s is kept out and in", id)
		}
	}
}
