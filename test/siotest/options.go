package siotest

import (
	"crypto/tls"
	"net/http"
	"time"
)

// TB is the part of a test that this package uses: a *testing.T, a *testing.B, or the
// result of ginkgo.GinkgoTB.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
	Failed() bool
	TempDir() string
}

// M is a JSON object, for short requests.
type M map[string]any

// Transport is the way in which a client's packets travel.
type Transport string

// The transports.
const (
	// WebSocket connects with a WebSocket at once.
	WebSocket Transport = "websocket"
	// Polling uses HTTP requests only.
	Polling Transport = "polling"
	// Upgrade begins with HTTP requests and changes to a WebSocket before Connect
	// returns, as browsers do.
	Upgrade Transport = "upgrade"
)

// Defaults of the options.
const (
	defaultPatience = 20 * time.Second
	defaultPath     = "/socket.io/"
)

// Option changes how a client connects.
type Option func(*options)

type options struct {
	name      string
	auth      M
	transport Transport
	namespace string
	path      string
	header    http.Header
	tls       *tls.Config
	patience  time.Duration
	audit     bool
}

func newOptions(opts []Option) options {
	o := options{
		name: "client", auth: M{}, transport: WebSocket, namespace: "/", path: defaultPath,
		header: http.Header{}, patience: defaultPatience, audit: true,
	}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// WithName names the client in failure messages.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithToken sends an access token when connecting, and asks for Anteroom's protocol 1.
func WithToken(token string) Option {
	return func(o *options) { o.auth["token"], o.auth["protocol"] = token, 1 }
}

// WithAuth adds to the object sent as Socket.IO's auth when connecting.
func WithAuth(auth M) Option {
	return func(o *options) {
		for k, v := range auth {
			o.auth[k] = v
		}
	}
}

// WithTransport chooses the transport; the default is [WebSocket].
func WithTransport(t Transport) Option { return func(o *options) { o.transport = t } }

// WithNamespace connects to another namespace than "/".
func WithNamespace(namespace string) Option { return func(o *options) { o.namespace = namespace } }

// WithPath sets the path of the server's engine; the default is "/socket.io/".
func WithPath(path string) Option { return func(o *options) { o.path = path } }

// WithHeader adds a header to every HTTP request, including the WebSocket's.
func WithHeader(name, value string) Option { return func(o *options) { o.header.Add(name, value) } }

// WithTLS sets the TLS configuration for https and wss addresses.
func WithTLS(config *tls.Config) Option { return func(o *options) { o.tls = config } }

// WithPatience bounds each wait of the client; the default is 20 seconds.
func WithPatience(d time.Duration) Option { return func(o *options) { o.patience = d } }

// WithoutAudit does not fail the test for gaps and duplicates in streams; [Client.Faults]
// returns them.
func WithoutAudit() Option { return func(o *options) { o.audit = false } }
