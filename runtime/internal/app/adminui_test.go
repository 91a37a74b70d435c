package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/test/siotest"
)

func TestTheAdminUISeesAllServersAndOwnConnections(t *testing.T) {
	config := testConfig(miniredis.RunT(t).Addr())
	withAPI(t)(config)
	config.Listen.Peer = "127.0.0.1:0"
	config.Presence.LeaseInterval, config.Presence.LeaseTTL = seconds(0.2), seconds(3)
	one, two := start(t, config, testPolicies("duel")), start(t, config, testPolicies("duel"))
	for _, r := range []*running{one, two} {
		r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	}
	connect(t, one.client, "Ada")
	connectWebSocket(t, two.client, "Bob")
	connectWebSocket(t, two.client, "Eve")

	asUI := []siotest.Option{
		siotest.WithNamespace("/admin"), siotest.WithAuth(siotest.M{"username": "ops", "password": "secret"}),
		siotest.WithHeader("Cookie", "session=hidden"), siotest.WithPatience(patience),
	}
	ui := siotest.Connect(t, one.admin, asUI...)
	listed := ui.Expect("all_sockets")
	if id := listed.Text("0.data.userId"); !strings.HasPrefix(id, "anon") || listed.Text("0.transport") != "polling" || len(listed.Text("0.id")) < 10 {
		t.Errorf("listed %v", listed)
	}
	if _, another := listed.Get("1"); another {
		t.Errorf("those of another server are listed: %v", listed)
	}
	ui.Expect("server_stats", siotest.Field("clientsCount", 1), siotest.Field("pollingClientsCount", 1))
	ui.Expect("server_stats", siotest.Field("clientsCount", 2), siotest.Field("pollingClientsCount", 0), siotest.Field("namespaces.0.socketsCount", 2))
	for _, e := range ui.Events() {
		for _, secret := range []string{"secret", "hidden", "127.0.0.1", "Cookie", "Ada"} {
			if strings.Contains(e.String(), secret) {
				t.Errorf("%s is told: %v", secret, e)
			}
		}
	}
	if refusal := siotest.ConnectRefused(t, one.client, asUI...); refusal.Message != "Invalid namespace" {
		t.Errorf("on the port of the clients: %v", refusal)
	}
}

func TestWithoutAnAPITokenThereIsNoAdminUI(t *testing.T) {
	r := startReady(t, nil, "duel")
	if code, body := r.get(r.admin + "/socket.io/?EIO=4&transport=polling"); code != http.StatusNotFound {
		t.Errorf("%d %s", code, body)
	}
}
