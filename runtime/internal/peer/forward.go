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
	// dialTimeout bounds the way to another pod; one that is not reached is dead.
	dialTimeout = time.Second
	// writeTimeout and maxForwards are what ForwarderOptions say of them.
	writeTimeout = 15 * time.Second
	maxForwards  = 10_000
	// maxIdle bounds the connections to one pod that wait to be used again.
	maxIdle = 256
)

var (
	errNotThere = errors.New("another process has the address of the session's pod")
	errDeadline = errors.New("the session's pod has not answered in time")
	errClosing  = errors.New("this pod stops")
)

// ForwarderOptions of a [Forwarder]. All are required unless they say otherwise.
type ForwarderOptions struct {
	Directory *Directory
	// SessionID gives the session that a request belongs to, "" for none.
	SessionID func(r *http.Request) string
	// Next serves what belongs here. It is also who answers for sessions whose pod
	// is dead: it does not know them.
	Next http.Handler
	// Deadline is how long a poll or a POST may take, and the answer to an upgrade.
	Deadline time.Duration
	// Most bounds what is forwarded at the same time; beyond it requests are answered
	// 503. A WebSocket counts for as long as it lives. 0 is 10,000.
	Most int
	// WriteTimeout is how long a client may take nothing of what it is sent; 0 is 15 s.
	WriteTimeout time.Duration
	Log          *slog.Logger
}

// Forwarder takes requests of sessions that other pods have to those pods. Make
// it with [NewForwarder].
type Forwarder struct {
	ForwarderOptions
	transport *http.Transport
	open      context.Context
	shut      context.CancelCauseFunc

	now, served, dead, late, full atomic.Int64
}

// ForwardStats counts what a [Forwarder] did.
type ForwardStats struct {
	// Now is what is under way. Served were answered by their pod; Dead had none
	// that lives; Late were given up at the deadline; Full were refused at the bound.
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

// Stats counts.
func (f *Forwarder) Stats() ForwardStats {
	return ForwardStats{
		Now: f.now.Load(), Served: f.served.Load(), Dead: f.dead.Load(), Late: f.late.Load(), Full: f.full.Load(),
	}
}

// Close cuts what is still being forwarded, WebSockets included. Their sessions
// are over with it; clients come back by themselves.
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

// forward streams a request to the owner and the answer back, or, after an upgrade,
// both ways until one side ends.
func (f *Forwarder) forward(w http.ResponseWriter, r *http.Request, owner Endpoint) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(f.open, func() { cancel(errClosing) })() //nolint:contextcheck // the forwarder's end, beside the request's
	deadline := time.AfterFunc(f.Deadline, func() { cancel(errDeadline) })
	defer deadline.Stop()

	control := http.NewResponseController(w)
	// Longer than a poll waits; a body that does not come holds the answer up no longer.
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

// rewrite addresses a request to the owner. What proxies before this pod said of
// the client stays as it is.
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

// failed answers for an owner that did not. A pod that cannot be reached, or is cut
// off, takes its sessions with it.
func (f *Forwarder) failed(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	switch cause := context.Cause(ctx); {
	case r.Context().Err() != nil: // the client is gone
	case errors.Is(cause, errDeadline):
		f.late.Add(1)
		http.Error(w, errDeadline.Error(), http.StatusGatewayTimeout)
	case errors.Is(cause, errClosing):
		w.Header().Set("Retry-After", "1")
		http.Error(w, errClosing.Error(), http.StatusServiceUnavailable)
	default:
		f.dead.Add(1)
		f.Log.Debug("the pod of a session does not answer", "error", err)
		f.Next.ServeHTTP(w, r)
	}
}

// patient is a ResponseWriter whose connection, once it is taken over, does not
// wait for a client without end.
type patient struct {
	http.ResponseWriter
	timeout time.Duration
}

// Unwrap is for http.ResponseController.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// Hijack implements http.Hijacker.
func (p patient) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(p.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return bounded{conn, p.timeout}, buffered, nil
}

// bounded is a connection that fails when a write takes too long. Neither side can
// be closed alone: the end of one is the end of both.
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
