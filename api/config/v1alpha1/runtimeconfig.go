// Package v1alpha1 holds the two files that the operator renders and the runtime reads.
// RuntimeConfig is fixed for the life of a pod; a pod applies changes of PolicySet while it runs.
// Both are versioned and strict: a reader refuses unknown fields, and Validate reports every
// problem at once.
//
// Everything is resolved: no field is left to a default that the reader would
// have to know, and secrets are paths of files, never values.
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The apiVersion and the kinds of the files.
const (
	APIVersion        = "config.realtime.anteroom.dev/v1alpha1"
	KindRuntimeConfig = "RuntimeConfig"
	KindPolicySet     = "PolicySet"
)

// RuntimeConfig is the fixed configuration of a socket server. A change needs a restart;
// [PolicySet] holds the settings that change while a server runs.
type RuntimeConfig struct {
	metav1.TypeMeta `json:",inline"`

	// Cluster names the RealtimeCluster this server belongs to.
	Cluster  ClusterRef `json:"cluster"`
	Listen   Listen     `json:"listen"`
	Admin    Admin      `json:"admin,omitzero"`
	API      API        `json:"api,omitzero"`
	Engine   Engine     `json:"engine"`
	Redis    Redis      `json:"redis"`
	Auth     Auth       `json:"auth"`
	Drain    Drain      `json:"drain"`
	Recovery Recovery   `json:"recovery"`
	// Features says which domains are served.
	Features Features `json:"features"`
	// Presence are the times of leases and of presence.
	Presence      Presence      `json:"presence"`
	Notifications Notifications `json:"notifications"`
	Observability Observability `json:"observability"`
	// Webhooks says which addresses webhooks may reach besides public ones.
	Webhooks Webhooks `json:"webhooks,omitzero"`
	// PolicySecretsDir is the folder with the keys that policies and queues name in a
	// secretRef; see [PolicySecretFile]. Left out: there are none, and what needs one fails.
	PolicySecretsDir string `json:"policySecretsDir,omitempty"`
}

// ClusterRef is the name of a RealtimeCluster.
type ClusterRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Listen are the addresses a server listens on, as host:port.
type Listen struct {
	// Client serves Socket.IO.
	Client string `json:"client"`
	// Admin serves /livez, /readyz, /statusz, /metrics and /drain.
	Admin string `json:"admin"`
	// Peer is the listener for requests that other servers of the cluster forward. Its host, or
	// else the pod's address (POD_IP), is published to them. Without Peer this server receives
	// and sends no forwarded request.
	Peer string `json:"peer,omitempty"`
	// API serves the HTTP API for other back ends; without an address it is not served.
	API string `json:"api,omitempty"`
}

// Admin decides who may change a server through its admin listener.
type Admin struct {
	// TokenFile holds the bearer token for it; it is read again for each request.
	// Without one nobody may.
	TokenFile string `json:"tokenFile,omitempty"`
}

// API says how other back ends are served.
type API struct {
	// TokenFile holds the bearer token that they bring; it is read again when it changes.
	TokenFile string `json:"tokenFile,omitempty"`
	// RedisEmitter also delivers what is published through the stock Socket.IO Redis
	// emitters. It needs an address to listen on.
	RedisEmitter bool `json:"redisEmitter,omitempty"`
}

// Transport is an Engine.IO transport.
type Transport string

// The transports.
const (
	TransportWebSocket Transport = "websocket"
	TransportPolling   Transport = "polling"
)

// Engine are the settings of Engine.IO.
type Engine struct {
	// Path begins and ends with a slash.
	Path         string          `json:"path"`
	Transports   []Transport     `json:"transports"`
	PingInterval metav1.Duration `json:"pingInterval"`
	PingTimeout  metav1.Duration `json:"pingTimeout"`
	// MaxPayload is the largest message a client may send, in bytes.
	MaxPayload     int64           `json:"maxPayload"`
	UpgradeTimeout metav1.Duration `json:"upgradeTimeout"`
	// ConnectTimeout is how long a transport may stay without a Socket.IO CONNECT.
	ConnectTimeout metav1.Duration `json:"connectTimeout"`
	// AllowedOrigins are the origins of browsers that may connect; empty means
	// only the server's own, "*" any.
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`
}

// RedisTopology says how Redis is laid out.
type RedisTopology string

// The topologies.
const (
	RedisStandalone RedisTopology = "Standalone"
	RedisSentinel   RedisTopology = "Sentinel"
	RedisCluster    RedisTopology = "Cluster"
)

// Redis says where Redis is and how to log in.
type Redis struct {
	Topology   RedisTopology `json:"topology"`
	Addresses  []string      `json:"addresses"`
	MasterName string        `json:"masterName,omitempty"`
	Database   int           `json:"database"`
	Username   string        `json:"username,omitempty"`
	// UsernameFile holds the username, when it is kept with the password. A missing file means
	// Redis' default user.
	UsernameFile string `json:"usernameFile,omitempty"`
	// PasswordFile holds the password; it is read again when it changes.
	PasswordFile string    `json:"passwordFile,omitempty"`
	TLS          *RedisTLS `json:"tls,omitempty"`
	// KeyPrefix begins every key and channel.
	KeyPrefix string     `json:"keyPrefix"`
	Probe     RedisProbe `json:"probe"`
}

// RedisTLS are the files for TLS to Redis; without CAFile the system's roots hold.
type RedisTLS struct {
	CAFile     string `json:"caFile,omitempty"`
	CertFile   string `json:"certFile,omitempty"`
	KeyFile    string `json:"keyFile,omitempty"`
	ServerName string `json:"serverName,omitempty"`
}

// RedisProbe is the loopback check (publish, then receive) that readiness follows.
type RedisProbe struct {
	Interval metav1.Duration `json:"interval"`
	// UnreadyAfter is how long the probe may fail before the pod is not ready.
	UnreadyAfter metav1.Duration `json:"unreadyAfter"`
}

// AuthMode decides who may connect.
type AuthMode string

// The auth modes.
const (
	AuthJWT       AuthMode = "JWT"
	AuthAnonymous AuthMode = "Anonymous"
)

// Auth says which tokens are good.
type Auth struct {
	Mode      AuthMode       `json:"mode"`
	Providers []AuthProvider `json:"providers,omitempty"`
	Expiry    AuthExpiry     `json:"expiry"`
}

// AuthProvider is one issuer of tokens, with exactly one source of keys.
type AuthProvider struct {
	Name string `json:"name"`
	// Issuer must equal the token's iss; empty means that it is not checked.
	Issuer string `json:"issuer,omitempty"`
	// Audiences: the token's aud must hold one of them; empty means not checked.
	Audiences  []string `json:"audiences,omitempty"`
	Algorithms []string `json:"algorithms"`
	// JWKSURL is fetched over HTTPS; it comes from here and never from a token.
	JWKSURL string `json:"jwksURL,omitempty"`
	// KeysFile is a JWK set on disk.
	KeysFile string `json:"keysFile,omitempty"`
	// SharedSecretFile is the HS256 secret on disk, at least 32 bytes.
	SharedSecretFile string     `json:"sharedSecretFile,omitempty"`
	Claims           AuthClaims `json:"claims"`
}

// AuthClaims name the claims that are read.
type AuthClaims struct {
	User   string `json:"user"`
	Name   string `json:"name"`
	Scopes string `json:"scopes"`
}

// AuthExpiry is the action on a live session whose token expires.
type AuthExpiry struct {
	WarnBefore metav1.Duration `json:"warnBefore"`
	Grace      metav1.Duration `json:"grace"`
}

// Drain are the steps of an orderly stop.
type Drain struct {
	// Settle is how long a server that is not ready still serves everyone.
	Settle metav1.Duration `json:"settle"`
	// Window is over how long connections are closed.
	Window metav1.Duration `json:"window"`
	// FlushTimeout bounds the time after that.
	FlushTimeout metav1.Duration `json:"flushTimeout"`
}

// Recovery bounds the events that a client can recover after an interruption.
type Recovery struct {
	// HistorySize is how many events a stream's log keeps.
	HistorySize int `json:"historySize"`
	// HistoryTTL is how long, after the last event.
	HistoryTTL metav1.Duration `json:"historyTTL"`
	// IdempotencyTTL is how long the answer to a keyed request is remembered.
	IdempotencyTTL metav1.Duration `json:"idempotencyTTL"`
}

// Features says which domains are served; the events of the others answer not_found.
type Features struct {
	Chat          bool `json:"chat"`
	Lobby         bool `json:"lobby"`
	Matchmaking   bool `json:"matchmaking"`
	Presence      bool `json:"presence"`
	Notifications bool `json:"notifications"`
}

// Presence holds the times that determine whether a user is online.
type Presence struct {
	// LeaseInterval is how often a server renews its lease on its sessions.
	LeaseInterval metav1.Duration `json:"leaseInterval"`
	// LeaseTTL is after how long without renewal they are closed by another server;
	// at least twice LeaseInterval.
	LeaseTTL metav1.Duration `json:"leaseTTL"`
	// AwayAfter is how long without activity makes a user away.
	AwayAfter metav1.Duration `json:"awayAfter"`
}

// Notifications bound the users' inboxes.
type Notifications struct {
	// Retention is how long a notification is kept.
	Retention metav1.Duration `json:"retention"`
	// MaxPerUser bounds the notifications stored for a user; the oldest are removed first.
	MaxPerUser int `json:"maxPerUser"`
	// OfflineWebhook is called for users who are away; nil means no calls.
	OfflineWebhook *OfflineWebhook `json:"offlineWebhook,omitempty"`
	// TopicScopes makes notify:subscribe need the scope notify:topic:{name} or notify:topic:*.
	TopicScopes bool `json:"topicScopes,omitempty"`
	// Chat says which messages an offline user is notified of.
	Chat ChatNotifications `json:"chat,omitzero"`
}

// ChatNotifications says which messages an offline user is notified of.
type ChatNotifications struct {
	Direct   bool `json:"direct,omitempty"`
	Mentions bool `json:"mentions,omitempty"`
}

// OfflineWebhook is called when a notification finds its user away.
type OfflineWebhook struct {
	URL string `json:"url"`
	// SecretFile holds the key that calls are signed with; it is read again for each
	// call. Empty means that they are not signed.
	SecretFile string `json:"secretFile,omitempty"`
	// After is how long the user must have been away.
	After metav1.Duration `json:"after"`
}

// Webhooks says which addresses webhooks may reach besides public ones: those of the
// chat filters, queues and the offline webhook. Left out: the Services of all namespaces,
// and no other private address.
type Webhooks struct {
	// AllowCIDRs are ranges that may be reached by any name, such as 10.1.0.0/16.
	AllowCIDRs []string `json:"allowCIDRs,omitempty"`
	// ServiceNamespaces are the namespaces whose Services may be reached; empty means all.
	ServiceNamespaces []string `json:"serviceNamespaces,omitempty"`
}

// PlaygroundPath is where the client listener serves the playground.
const PlaygroundPath = "/playground/"

// Observability are logs, traces and the playground.
type Observability struct {
	// LogLevel is debug, info, warn or error.
	LogLevel string `json:"logLevel"`
	// Playground serves a page to try the events out, under [PlaygroundPath].
	Playground bool `json:"playground,omitempty"`
	// Tracing sends spans; nil sends none.
	Tracing *Tracing `json:"tracing,omitempty"`
}

// Tracing sends spans of requests to a collector, over OTLP/gRPC.
type Tracing struct {
	// Endpoint is the collector's URL, in plain text with http.
	Endpoint string `json:"endpoint"`
	// Ratio of the connections, and of the requests of other back ends, that are traced,
	// from 0 to 1.
	Ratio float64 `json:"ratio"`
}
