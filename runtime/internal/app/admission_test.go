package app

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// A server that is short of memory, or full, refuses new connections with a time to retry;
// existing connections continue.
func TestNewConnectionsAreTurnedAwayFirst(t *testing.T) {
	for reason, reach := range map[string]func(r *running){
		"memory": func(r *running) {
			runtime.GC()
			before := debug.SetMemoryLimit(int64(heap() / 2))
			r.t.Cleanup(func() { debug.SetMemoryLimit(before) })
		},
		"full": func(r *running) {
			set := testPolicies("duel")
			set.Limits.ConnectionsPerPod = 1
			set.Revision = set.ComputeRevision()
			writeYAML(r.t, r.files.Policies, set)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			r := startReady(t, nil, "duel")
			c := connect(t, r.client, "ann")
			reach(r)
			r.until("turning clients away", func() bool {
				answer, err := http.Get(r.client + "/socket.io/?EIO=4&transport=polling&EIO=4")
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				return answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != ""
			})
			if a := c.ask("sync:ping", struct{}{}); !a.OK {
				t.Errorf("who is connected is answered %+v", a)
			}
			if _, text := r.get(r.admin + "/metrics"); !strings.Contains(text, `anteroom_connects_turned_away_total{reason="`+reason+`"} 1`) {
				t.Error("it is not counted")
			}
		})
	}
}

// TestEveryPortHasAConnectionLimit: the server counts and bounds the connections of all of its ports,
// and lets go of those whose client it refuses.
func TestEveryPortHasAConnectionLimit(t *testing.T) {
	serve := withAPI(t)
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) {
		serve(c)
		c.Listen.Peer = "127.0.0.1:0"
	})
	for url, status := range map[string]int{r.client + "/none": 404, r.client + "/socket.io/?EIO=4&transport=polling&sid=none": 400, r.api + "/v1/users/ada": 401} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != status || !answer.Close {
			t.Errorf("%s is answered %d, and its connection ends: %v", url, answer.StatusCode, answer.Close)
		}
	}
	_, text := r.get(r.admin + "/metrics")
	for _, port := range []string{"client", "api", "admin", "peer"} {
		for _, name := range []string{"anteroom_http_connections", "anteroom_http_connections_limit", "anteroom_http_connections_refused_total"} {
			if !strings.Contains(text, name+`{port="`+port+`"}`) {
				t.Errorf("%s of %s is not among the metrics", name, port)
			}
		}
	}
}

// heap returns the size of the live heap in bytes.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
