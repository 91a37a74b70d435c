package v1alpha1

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StatusPath is where a server's admin listener answers with its [ServerStatus].
const StatusPath = "/statusz"

// DashboardPath is where a server's admin listener serves the operators' page. What the
// page shows needs the bearer token of [API.TokenFile].
const DashboardPath = "/dashboard/"

// DrainPath is the drain endpoint of a server's admin listener: PUT begins a drain and DELETE
// cancels it, both with the bearer token of [Admin.TokenFile]. Both are idempotent. A completed
// drain can be cancelled; a drain at the end of the process cannot.
const DrainPath = "/drain"

// ServerStatus is the report of a server, as JSON: how the operator learns
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
	// Draining is true as soon as the server begins to drain or stop. Drained is true when its
	// clients have disconnected or the drain's time is over.
	Draining  bool        `json:"draining"`
	Drained   bool        `json:"drained"`
	StartedAt metav1.Time `json:"startedAt"`
	// UptimeSeconds is how long ago that was.
	UptimeSeconds int64       `json:"uptimeSeconds"`
	Redis         RedisStatus `json:"redis"`
	// Lobbies are the living lobbies of the whole cluster, by lobby type, as counted last;
	// absent while they cannot be counted.
	Lobbies map[string]int32 `json:"lobbies,omitempty"`
	// Streams are those that this server follows for its clients, by kind; two servers
	// may follow the same one. Those of kind room are back ends' rooms.
	Streams map[string]int `json:"streams,omitempty"`
	// Queues are the MatchmakingQueues whose matcher this server is, by name.
	Queues map[string]QueueStatus `json:"queues,omitempty"`
}

// QueueStatus is how a matchmaking queue is doing, as its matcher sees it.
type QueueStatus struct {
	// Depth is the number of tickets that wait, OldestTicketSeconds for how long the
	// first of them has.
	Depth               int32 `json:"depth"`
	OldestTicketSeconds int64 `json:"oldestTicketSeconds"`
	// WaitSecondsP50 and WaitSecondsP95 are of the tickets that were matched lately.
	WaitSecondsP50 int64 `json:"waitSecondsP50"`
	WaitSecondsP95 int64 `json:"waitSecondsP95"`
	// MatchesPerMinute lately.
	MatchesPerMinute float64 `json:"matchesPerMinute"`
}

// RedisStatus is how a server finds Redis.
type RedisStatus struct {
	// Healthy reports whether the last loopback probe came back.
	Healthy bool `json:"healthy"`
	// Error says why not, in a few words.
	Error string `json:"error,omitempty"`
	// Version is the version of Redis, read at the server's last login.
	Version string `json:"version,omitempty"`
	// MemoryPercent is the share of its maxmemory that the fullest primary uses, rounded down
	// to a multiple of five; absent below 60 %, and where Redis has no limit.
	MemoryPercent int32 `json:"memoryPercent,omitempty"`
	// Credential is the [CredentialRevision] of the password of the server's last login, which
	// happens with each probe; empty without a password.
	Credential string `json:"credential,omitempty"`
}

// CredentialRevision distinguishes passwords. Without the admin token it reveals nothing of them.
func CredentialRevision(adminToken, password string) string {
	mac := hmac.New(sha256.New, []byte(adminToken))
	mac.Write([]byte(password))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
