package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestAFloodOfInvitesTakesNothingFromBackEnds: as many invites as one user managed in 15 s, by
// one user and by twenty. The notification that a back end put into the victim's inbox
// before them stays unread in it, and the victim's client, which was away, recovers all
// that its stream had.
func TestAFloodOfInvitesTakesNothingFromBackEnds(t *testing.T) {
	const invites = 1083
	for _, inviters := range []int{1, 20} {
		t.Run(fmt.Sprint(inviters, " inviters"), func(t *testing.T) {
			config := testConfig(miniredis.RunT(t).Addr())
			withAPI(t)(config)
			names := &realm{secret: withJWT(t, config)}
			config.Notifications.MaxPerUser = 100
			r := start(t, config, flooded())
			r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == 200 })
			names.running = r
			victim, _ := r.user(names.token("victim"))
			r.backend("/v1/notifications", `{"userIds":["victim"],"type":"billing","title":"first"}`, 200)
			var place struct{ Meta wire.Meta }
			for place.Meta.Stream == "" { // a push at the start of the session has no place in a stream
				victim.event(wire.EventNotifyNew, &place)
			}
			victim.send("41")
			r.backend("/v1/notifications", `{"userIds":["victim"],"type":"billing","title":"second"}`, 200)
			r.backend("/v1/events", `{"target":{"user":"victim"},"event":"game:missed","data":{"n":1}}`, 200)

			passed := 0
			for n := range inviters {
				passed += r.inviteOften(names.token(fmt.Sprint("inviter", n)), "victim", invites/inviters)
			}
			t.Logf("%d of %d invites were accepted", passed, invites)
			victim, _ = r.user(names.token("victim"))
			var page wire.NotifyPage
			victim.granted(wire.EventNotifyList, map[string]any{"limit": 100}, &page)
			billing := 0
			for _, n := range page.Notifications {
				if n.Type == "billing" && !n.Read {
					billing++
				}
			}
			if billing != 2 || len(page.Notifications)-billing > 25 {
				t.Errorf("the inbox has %d notifications of the back end and %d in all", billing, len(page.Notifications))
			}
			var resumed wire.SyncResumed
			victim.granted(wire.EventSyncResume, map[string]any{"streams": []any{map[string]any{
				"stream": place.Meta.Stream, "epoch": place.Meta.Epoch, "seq": place.Meta.Seq,
			}}}, &resumed)
			got := resumed.Streams[0]
			if !got.Recovered || !slices.ContainsFunc(got.Events, func(e wire.ResumedEvent) bool { return e.Event == "game:missed" }) {
				t.Errorf("recovered %v with %d events", got.Recovered, len(got.Events))
			}
		})
	}
}

// withJWT has a server take tokens, and gives the secret that they are signed with.
func withJWT(t *testing.T, config *v1alpha1.RuntimeConfig) []byte {
	t.Helper()
	secret, file := []byte(strings.Repeat("s", 32)), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	config.Auth.Mode = v1alpha1.AuthJWT
	config.Auth.Providers = []v1alpha1.AuthProvider{{
		Name: "test", Algorithms: []string{"HS256"}, SharedSecretFile: file,
		Claims: v1alpha1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
	}}
	return secret
}

// flooded are policies under which a connection may send as much as it likes.
func flooded() *v1alpha1.PolicySet {
	set := testPolicies("casual")
	set.Limits.PerConnection.EventsPerSecond, set.Limits.PerConnection.Burst = 100_000, 100_000
	set.Revision = set.ComputeRevision()
	return set
}

// inviteOften has a user invite another into its party so often, and gives how often that was
// accepted.
func (r *running) inviteOften(token, victim string, times int) int {
	r.t.Helper()
	c, _ := r.user(token)
	var made struct{ Party struct{ ID string } }
	c.granted(wire.EventPartyCreate, map[string]any{}, &made)
	passed := 0
	for range times {
		if c.ask(wire.EventPartyInvite, map[string]any{"partyId": made.Party.ID, "userId": victim}).OK {
			passed++
		}
	}
	c.send("41")
	return passed
}
