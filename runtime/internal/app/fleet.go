package app

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
)

const (
	// askWithin bounds the answer of one other server, asksAtOnce how many are asked at
	// the same time.
	askWithin  = 2 * time.Second
	asksAtOnce = 16
	// reportKept is how long the reports of all servers are cached, for any number of viewers.
	reportKept = time.Second
)

// podReport is one server as the operators' page shows it.
type podReport struct {
	// Address is the server's peer port; empty for who tells.
	Address string                 `json:"address,omitempty"`
	Status  *v1alpha1.ServerStatus `json:"status,omitempty"`
	// Figures are the server's own metrics, each summed over its labels.
	Figures map[string]float64 `json:"figures,omitempty"`
	// Error says why there is nothing else.
	Error string `json:"error,omitempty"`
}

// fleetReport is the cluster as one server sees it.
type fleetReport struct {
	Cluster v1alpha1.ClusterRef `json:"cluster"`
	// At is when it was put together, in milliseconds since the epoch.
	At int64 `json:"at"`
	// Alone says why no other server can be among the pods; empty when they are.
	Alone string `json:"alone,omitempty"`
	// Pods begins with who tells.
	Pods []podReport `json:"pods"`
}

// fleet asks the other servers how they are, for whoever looks on.
type fleet struct {
	mu   sync.Mutex
	last fleetReport
}

// fleetStatus answers with a [fleetReport].
func (a *App) fleetStatus(w http.ResponseWriter, r *http.Request) {
	sayJSON(w, a.fleet.report(r.Context(), a))
}

// ownReport answers another server with a [podReport].
func (a *App) ownReport(w http.ResponseWriter, _ *http.Request) { sayJSON(w, a.own()) }

func sayJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // whoever asked is gone
}

// report is of all servers, of now or of a moment ago.
func (f *fleet) report(ctx context.Context, a *App) fleetReport {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UnixMilli()
	if now-f.last.At < reportKept.Milliseconds() {
		return f.last
	}
	f.last = fleetReport{Cluster: a.settings.config.Cluster, At: now, Pods: []podReport{a.own()}}
	switch k := a.core.Load(); {
	case a.peers == nil:
		f.last.Alone = "it has no peer port, over which servers know each other"
	case k == nil:
		f.last.Alone = "it has not reached Redis yet, from which it knows the others"
	default:
		// The request of a viewer that disconnects must not cancel the request of the others.
		f.last.Pods = append(f.last.Pods, askAll(context.WithoutCancel(ctx), k.directory.Others())...)
	}
	return f.last
}

// askAll gets the reports of other servers, in their order.
func askAll(ctx context.Context, others []peer.Endpoint) []podReport {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	reports := make([]podReport, len(others))
	var asks errgroup.Group
	asks.SetLimit(asksAtOnce)
	for i, e := range others {
		asks.Go(func() error {
			body, err := peer.Ask(ctx, e)
			if err == nil {
				err = json.Unmarshal(body, &reports[i])
			}
			if err != nil {
				reports[i] = podReport{Error: err.Error()}
			}
			reports[i].Address = e.Address
			return nil
		})
	}
	_ = asks.Wait() // what failed is in the reports
	return reports
}

// own is this server's report.
func (a *App) own() podReport {
	status := a.observed().Told()
	return podReport{Status: &status, Figures: a.ownFigures()}
}

// ownFigures sums the server's counters and gauges over their labels.
func (a *App) ownFigures() map[string]float64 {
	families, err := a.registry.Gather()
	if err != nil {
		a.log.Warn("some metrics could not be gathered", "error", err)
	}
	sums := map[string]float64{}
	for _, family := range families {
		name, ours := strings.CutPrefix(family.GetName(), "anteroom_")
		if !ours {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetCounter() != nil || m.GetGauge() != nil {
				sums[name] += cmp.Or(m.GetCounter().GetValue(), m.GetGauge().GetValue())
			}
		}
	}
	return sums
}
