package app

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// fleet asks a server's dashboard for its report, with a token.
func (r *running) fleet(token string) (int, fleetReport, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.admin+"/dashboard/fleet.json", http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var report fleetReport
	if answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &report); err != nil {
			r.t.Fatal(err)
		}
	}
	return answer.StatusCode, report, string(body)
}

func TestTheDashboardIsForWhoBringsTheAPIToken(t *testing.T) {
	r := startReady(t, withAPI(t), "duel")
	if code, body := r.get(r.admin + v1alpha1.DashboardPath); code != http.StatusOK || !strings.Contains(body, "<html") {
		t.Errorf("the page: %d %s", code, body)
	}
	for token, want := range map[string]int{"": 401, "wrong": 401, "secret": 200} {
		if code, _, body := r.fleet(token); code != want {
			t.Errorf("token %q: %d %s", token, code, body)
		}
	}
	if code, body := r.get(r.admin + "/dashboard/fleet.json?token=secret&access_token=secret"); code != http.StatusUnauthorized {
		t.Errorf("a token in the URL: %d %s", code, body)
	}
	without := startReady(t, nil, "duel")
	if code, _, body := without.fleet("secret"); code != http.StatusForbidden || !strings.Contains(body, "no token of the server API") {
		t.Errorf("without a token: %d %s", code, body)
	}
}

func TestAServerAloneSaysSo(t *testing.T) {
	r := startReady(t, withAPI(t), "duel")
	c := connect(t, r.client, "Ada")
	c.ask("lobby:create", map[string]string{"type": "duel"})
	var report fleetReport
	r.until("followed", func() bool {
		_, report, _ = r.fleet("secret")
		return len(report.Pods) == 1 && report.Pods[0].Status.Streams["lobby"] == 1 && report.Pods[0].Status.Lobbies["duel"] == 1
	})
	status, figures := report.Pods[0].Status, report.Pods[0].Figures
	if report.Alone == "" || report.Cluster.Name != "eu" || !status.Ready || status.Connections != 1 || status.Streams["user"] != 1 {
		t.Errorf("told %+v of %+v", report, status)
	}
	if figures["requests_total"] < 1 || figures["sessions"] != 1 || figures["memory_used_bytes"] == 0 {
		t.Errorf("figures %v", figures)
	}
}

func TestServersTellOfEachOther(t *testing.T) {
	config := testConfig(miniredis.RunT(t).Addr())
	withAPI(t)(config)
	config.Listen.Peer = "127.0.0.1:0"
	config.Presence.LeaseInterval, config.Presence.LeaseTTL = seconds(0.2), seconds(3)
	one, two := start(t, config, testPolicies("duel")), start(t, config, testPolicies("duel"))
	two.until("ready", func() bool { code, _ := two.get(two.admin + "/readyz"); return code == http.StatusOK })
	connect(t, two.client, "Ada")
	one.until("told of both", func() bool {
		_, report, _ := one.fleet("secret")
		return len(report.Pods) == 2 && report.Pods[1].Status != nil && report.Pods[1].Status.Connections == 1 && report.Pods[1].Status.Ready
	})
	_, report, _ := one.fleet("secret")
	if report.Alone != "" || report.Pods[0].Address != "" || report.Pods[1].Address == "" || report.Pods[0].Status.Pod == report.Pods[1].Status.Pod {
		t.Errorf("told %+v", report)
	}
	two.stop()
	if err := two.result(); err != nil {
		t.Error(err)
	}
	one.until("alone again", func() bool {
		_, report, _ := one.fleet("secret")
		return len(report.Pods) == 1
	})
}
