package budget

import "github.com/prometheus/client_golang/prometheus"

// Metrics count refusals, and show how near the bounds are. Labels are bounded: budgets are
// those of [All] and of the attempts, scopes are actor, pair, target and queue.
type Metrics struct {
	refusals *prometheus.CounterVec
	use      *prometheus.HistogramVec
}

// NewMetrics makes the metrics and registers them. Registering twice with the same registry
// is a mistake of the program and panics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_budget_refusals_total",
			Help: "Requests refused by a budget, by the budget's name and by scope: actor, pair, target or queue.",
		}, []string{"budget", "scope"}),
		use: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "anteroom_budget_used_ratio",
			Help:    "How much of a budget was spent after each act, from 0 to 1.",
			Buckets: []float64{.1, .25, .5, .75, .9, 1},
		}, []string{"budget", "scope"}),
	}
	reg.MustRegister(m.refusals, m.use)
	return m
}

func (m *Metrics) refused(name Name, scope string) {
	if m != nil {
		m.refusals.WithLabelValues(string(name), scope).Inc()
	}
}

func (m *Metrics) used(name Name, scope string, share float64) {
	if m != nil {
		m.use.WithLabelValues(string(name), scope).Observe(share)
	}
}
