package peer

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"time"
)

const (
	// dialTimeout bounds the connection to another pod; a pod that is not reached in it is
	// dead.
	dialTimeout = time.Second
	// writeTimeout and maxForwards are the defaults of ForwarderOptions.
	writeTimeout = 15 * time.Second
	maxForwards  = 10_000
	// maxIdle bounds the idle connections to one pod.
	maxIdle = 256
)

var (
	errNotThere = errors.New("another process has the address of the session's pod")
	errDeadline = errors.New("the session's pod did not answer in time")
	errClosing  = errors.New("this server is stopping")
)

// ForwarderOptions are the options of a [Forwarder]. All are required unless noted.
type ForwarderOptions struct {
	Directory *Directory
	// SessionID returns the session id of a request, "" for none.
	SessionID func(r *http.Request) string
	// Next serves the requests of this pod. It also answers requests of sessions whose pod
	// is dead, as unknown sessions.
	Next http.Handler
	// Deadline is the timeout of a poll, a POST, and the answer to an upgrade.
	Deadline time.Duration
	// Most bounds the requests that are forwarded at the same time; further requests are
	// answered 503. A WebSocket counts while it is open. 0 means 10,000.
	Most int
	// WriteTimeout is how long a client may take to accept data; 0 means 15 s.
	WriteTimeout time.Duration
	Log          *slog.Logger
}

// Forwarder forwards requests to the pod that has their session. Make it with
// [NewForwarder].
type Forwarder struct {
	ForwarderOptions
	transport *http.Transport
	open      context.Context
	shut      context.CancelCauseFunc

	now, served, dead, late, full atomic.Int64
}

// ForwardStats counts the requests of a [Forwarder].
type ForwardStats struct {
	// Now is the number of requests being forwarded. Served were answered by their pod;
	// Dead had no live pod; Late exceeded the deadline; Full were refused at the bound.
	Now, Served, Dead, Late, Full int64
}

// NewForwarder makes a forwarder; Close ends it.
func NewForwarder(o ForwarderOptions) *Forwarder {
	o.Most, o.WriteTimeout = cmp.Or(o.Most, maxForwards), cmp.Or(o.WriteTimeout, writeTimeout)
	f := &Forwarder{ForwarderOptions: o, transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: 30 * time.Second,
		DisableCompression: true,
	}}
	f.open, f.shut = context.WithCancelCause(context.Background())
	return f
}

// Stats returns the counts.
func (f *Forwarder) Stats() ForwardStats {
	return ForwardStats{
		Now: f.now.Load(), Served: f.served.Load(), Dead: f.dead.Load(), Late: f.late.Load(), Full: f.full.Load(),
	}
}

// Close ends all forwarded requests, WebSockets included. Their sessions end too; clients
// connect again.
func (f *Forwarder) Close() {
	f.shut(errClosing)
	f.transport.CloseIdleConnections()
}

// ServeHTTP implements http.Handler.
func (f *Forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		f.Next.ServeHTTP(w, r)
		return
	}
	owner, ok := f.Directory.Owner(r.Context(), f.SessionID(r))
	if !ok {
		f.Next.ServeHTTP(w, r)
		return
	}
	defer f.now.Add(-1)
	if f.now.Add(1) > int64(f.Most) {
		f.full.Add(1)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "this server forwards too much already", http.StatusServiceUnavailable)
		return
	}
	f.forward(w, r, owner)
}

// forward sends a request to the owner and streams the answer back. After an upgrade it
// copies both directions until either side ends.
func (f *Forwarder) forward(w http.ResponseWriter, r *http.Request, owner Endpoint) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(f.open, func() { cancel(errClosing) })() //nolint:contextcheck // the forwarder's end, besides the request's
	deadline := time.AfterFunc(f.Deadline, func() { cancel(errDeadline) })
	defer deadline.Stop()

	control := http.NewResponseController(w)
	// Longer than a poll waits, so that a missing body delays the answer no longer.
	_ = control.SetReadDeadline(time.Now().Add(f.Deadline + f.WriteTimeout))
	_ = control.SetWriteDeadline(time.Now().Add(f.Deadline + f.WriteTimeout))
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	proxy := httputil.ReverseProxy{
		Transport: f.transport, FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) { rewrite(p, owner) },
		ModifyResponse: func(answer *http.Response) error {
			switch answer.StatusCode {
			case http.StatusMisdirectedRequest:
				return errNotThere
			case http.StatusSwitchingProtocols:
				deadline.Stop()
			}
			f.served.Add(1)
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { f.failed(ctx, w, r, err) },
		ErrorLog:     slog.NewLogLogger(f.Log.Handler(), slog.LevelDebug),
	}
	proxy.ServeHTTP(patient{w, f.WriteTimeout}, r.WithContext(ctx))
}

// rewrite addresses a request to the owner. It keeps the headers of earlier proxies about
// the client.
func rewrite(p *httputil.ProxyRequest, owner Endpoint) {
	p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", owner.Address, p.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := p.In.Header.Values(name); values != nil {
			p.Out.Header[name] = values
		}
	}
	p.Out.Header.Del(headerAsk)
	p.Out.Header.Set(headerToken, owner.Token)
	p.Out.Header.Set(headerClient, p.In.RemoteAddr)
}

// failed answers a request that the owner did not answer. When the owner cannot be reached,
// its sessions are lost, and Next answers.
func (f *Forwarder) failed(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	switch cause := context.Cause(ctx); {
	case r.Context().Err() != nil: // the client has closed the connection
	case errors.Is(cause, errDeadline):
		f.late.Add(1)
		http.Error(w, errDeadline.Error(), http.StatusGatewayTimeout)
	case errors.Is(cause, errClosing):
		w.Header().Set("Retry-After", "1")
		http.Error(w, errClosing.Error(), http.StatusServiceUnavailable)
	default:
		f.dead.Add(1)
		f.Log.Debug("session's pod does not answer; session treated as unknown", "error", err)
		f.Next.ServeHTTP(w, r)
	}
}

// patient is a ResponseWriter whose hijacked connection has a write timeout.
type patient struct {
	http.ResponseWriter
	timeout time.Duration
}

// Unwrap is used by http.ResponseController.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// Hijack implements http.Hijacker.
func (p patient) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(p.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return bounded{conn, p.timeout}, buffered, nil
}

// bounded is a connection with a write timeout. It has no CloseWrite, so that the end of
// either direction ends both.
type bounded struct {
	net.Conn
	timeout time.Duration
}

// Write implements net.Conn.
func (b bounded) Write(p []byte) (int, error) {
	if err := b.SetWriteDeadline(time.Now().Add(b.timeout)); err != nil {
		return 0, err
	}
	return b.Conn.Write(p)
}
