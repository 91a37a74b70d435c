package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/edge/headroom"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// fillable is a Redis whose memory a test fills.
type fillable struct {
	*redistest.Server
	t     *testing.T
	keys  int
	limit int
}

// startFillable starts a Redis with a limit of 24 MiB that refuses writes when it is full.
func startFillable(t *testing.T) *fillable {
	const limit = 24 << 20
	return &fillable{t: t, limit: limit, Server: redistest.Start(t,
		redistest.Config(fmt.Sprint("maxmemory ", limit)), redistest.Config("maxmemory-policy noeviction"))}
}

// used is the share of the memory in use, in percent.
func (f *fillable) used() int {
	f.t.Helper()
	for line := range strings.Lines(f.MustDo("INFO", "memory")) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); found {
			n, err := strconv.Atoi(value)
			if err != nil {
				f.t.Fatal(err)
			}
			return n * 100 / f.limit
		}
	}
	f.t.Fatal("Redis does not say how much memory it uses")
	return 0
}

// fill writes until a share of the memory is in use.
func (f *fillable) fill(percent int) {
	f.t.Helper()
	chunk := strings.Repeat("x", 100_000)
	for f.used() < percent {
		f.keys++
		f.MustDo("SET", fmt.Sprint("filler:", f.keys), chunk)
	}
}

// empty removes the filling.
func (f *fillable) empty() {
	f.t.Helper()
	for ; f.keys > 0; f.keys-- {
		f.MustDo("DEL", fmt.Sprint("filler:", f.keys))
	}
}

// TestANearlyFullRedisServesWhatEnds fills a real Redis: additions are refused first, then
// changes. Ends and leases work to the last, and all works once there is room again.
func TestANearlyFullRedisServesWhatEnds(t *testing.T) {
	redis := startFillable(t)
	config := testConfig(redis.Addr())
	config.Presence.LeaseInterval, config.Presence.LeaseTTL = seconds(0.5), seconds(1.5)
	withAPI(t)(config)
	r := start(t, config, testPolicies("duel"))
	r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	c, user := r.user("ann")
	lobbies := make([]string, 2) // testPolicy lets a user be in two
	for i := range lobbies {
		a := c.ask("lobby:create", map[string]any{"type": "duel"})
		var created struct{ Lobby struct{ ID string } }
		if err := json.Unmarshal(a.Data, &created); err != nil || !a.OK {
			t.Fatalf("create: %+v, %v", a, err)
		}
		lobbies[i] = created.Lobby.ID
	}
	send := func() answer {
		return c.ask("chat:send", map[string]any{"channel": "lobby:" + lobbies[1], "text": "hi"})
	}
	update := func() answer {
		return c.ask("lobby:update", map[string]any{"lobbyId": lobbies[1], "name": "New"})
	}
	refused := func(what string, a answer) {
		t.Helper()
		if a.OK || a.Error.Code != string(wire.CodeUnavailable) || !strings.Contains(a.Error.Message, "full") {
			t.Errorf("%s: %+v", what, a)
		}
	}
	served := func(what string, a answer) {
		t.Helper()
		if !a.OK {
			t.Errorf("%s: %+v", what, a)
		}
	}
	reports := func(percent int) func() bool {
		return func() bool {
			_, status := r.get(r.admin + "/statusz")
			return strings.Contains(status, fmt.Sprintf(`"memoryPercent":%d`, percent))
		}
	}

	redis.fill(headroom.AddsUntil + 1)
	r.until("reporting 90 %", reports(90))
	refused("chat:send", send())
	served("lobby:update at the first bound", update())
	r.backend("/v1/notifications", `{"userIds":["`+user+`"],"type":"mail","title":"x"}`, http.StatusServiceUnavailable)
	served("lobby:leave at the first bound", c.ask("lobby:leave", map[string]any{"lobbyId": lobbies[0]}))

	redis.fill(headroom.UpdatesUntil + 1)
	r.until("reporting 95 %", reports(95))
	refused("lobby:update", update())
	if _, metrics := r.get(r.admin + "/metrics"); !strings.Contains(metrics, `anteroom_redis_full_refusals_total{class="updates"}`) {
		t.Error("no metric counts the refusals")
	}
	served("lobby:get at the second bound", c.ask("lobby:get", map[string]any{"lobbyId": lobbies[1]}))
	served("lobby:leave at the second bound", c.ask("lobby:leave", map[string]any{"lobbyId": lobbies[1]}))
	r.backend("/v1/users/"+user+":revoke", `{}`, http.StatusOK)
	if n := r.log.count("lease was not renewed"); n > 0 {
		t.Errorf("%d leases were not renewed", n)
	}

	redis.empty()
	other, _ := r.user("bob")
	r.until("serving additions again", func() bool {
		return other.ask("lobby:create", map[string]any{"type": "duel"}).OK
	})
}
