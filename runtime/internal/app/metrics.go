package app

import "github.com/prometheus/client_golang/prometheus"

// metrics are those of the server as a whole.
type metrics struct{ turnedAway *prometheus.CounterVec }

// newMetrics makes and registers them; the functions are asked at each scrape.
func newMetrics(registry prometheus.Registerer, ready, redis, draining func() bool, revision func() string) *metrics {
	m := &metrics{turnedAway: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "anteroom_connects_turned_away_total",
		Help: "Handshakes answered 503, by reason: rate (connectsPerSecond), full (connectionsPerPod), memory.",
	}, []string{"reason"})}
	gauge := func(name, help string, is func() bool) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if is() {
				return 1
			}
			return 0
		})
	}
	registry.MustRegister(
		m.turnedAway,
		gauge("anteroom_ready", "1 when /readyz says so.", ready),
		gauge("anteroom_redis_healthy", "1 when the last loopback probe of Redis came back.", redis),
		gauge("anteroom_draining", "1 from the moment the server was told to stop.", draining),
		policyInfo{revision},
	)
	return m
}

// policyInfo is a metric that is always 1 and carries the policies' revision.
type policyInfo struct{ revision func() string }

var policyInfoDesc = prometheus.NewDesc("anteroom_policy_info",
	"The revision of the policies in force; always 1.", []string{"revision"}, nil)

// Describe implements prometheus.Collector.
func (policyInfo) Describe(out chan<- *prometheus.Desc) { out <- policyInfoDesc }

// Collect implements prometheus.Collector.
func (p policyInfo) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.MustNewConstMetric(policyInfoDesc, prometheus.GaugeValue, 1, p.revision())
}
