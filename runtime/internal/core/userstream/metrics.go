package userstream

import "github.com/prometheus/client_golang/prometheus"

// overflows counts for all Tellers of the process.
var overflows = prometheus.NewCounter(prometheus.CounterOpts{
	Name: "anteroom_user_stream_overflows_total",
	Help: "Messages of users that exceeded their share of another user's stream: they were pushed and not kept.",
})

// Register registers the counter. A second registration with the same registry panics.
func Register(reg prometheus.Registerer) { reg.MustRegister(overflows) }
