package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// StatusPath is where a server's admin listener answers with its [ServerStatus].
const StatusPath = "/statusz"

// DrainPath is where a server's admin listener takes the request to drain: PUT
// begins a drain and DELETE takes it back, both with the bearer token of
// [Admin.TokenFile], both harmless to repeat. A drain that is over can still be taken
// back; one that came with the end of the process cannot.
const DrainPath = "/drain"

// ServerStatus is what a server says of itself, as JSON: how the operator learns
// which policies a pod applies and how many connections it holds. Readers
// ignore fields they do not know.
type ServerStatus struct {
	Version string     `json:"version"`
	Cluster ClusterRef `json:"cluster"`
	// Pod is the process's own name, new with each start.
	Pod string `json:"pod"`
	// Connections are the clients that are connected now, Users the people behind them.
	Connections int `json:"connections"`
	Users       int `json:"users"`
	// PolicyRevision is that of the PolicySet in force.
	PolicyRevision string `json:"policyRevision"`
	// Ready is what /readyz says, and NotReady why not.
	Ready    bool     `json:"ready"`
	NotReady []string `json:"notReady,omitempty"`
	// Draining is true from the moment the server was told to drain or to stop,
	// Drained from when its clients are gone or their time is up.
	Draining  bool        `json:"draining"`
	Drained   bool        `json:"drained"`
	StartedAt metav1.Time `json:"startedAt"`
	// UptimeSeconds is how long ago that was.
	UptimeSeconds int64       `json:"uptimeSeconds"`
	Redis         RedisStatus `json:"redis"`
}

// RedisStatus is how a server finds Redis.
type RedisStatus struct {
	// Healthy tells whether the last loopback probe came back.
	Healthy bool `json:"healthy"`
	// Error says why not, in a few words.
	Error string `json:"error,omitempty"`
}
