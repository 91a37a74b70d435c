package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// proxy is the sticky proxy in proxy of the servers. Like the ingress of a cluster it
// sets a cookie that names a server, and follows the cookie while that server can answer:
//
//   - a ready server gets every request with its cookie;
//   - a server that is alive but not ready (it drains) keeps the requests of its sessions,
//     those with a sid; other requests move to another server;
//   - the clients of a dead server move to a ready server.
//
// New clients, and clients without cookies, are distributed over the ready servers in
// turn: the servers forward requests of other servers' sessions to each other.
type proxy struct {
	mu         sync.Mutex
	cookieName string
	enginePath string
	backends   []*backend
	next       int

	// users answers the playground's request for dev tokens.
	users     http.Handler
	transport *http.Transport
}

// backend is a server behind the proxy.
type backend struct {
	// id is the value of the cookie.
	id      string
	url     *url.URL
	ready   bool
	forward *httputil.ReverseProxy
}

// dialTimeout bounds an attempt to reach a server on this machine.
const dialTimeout = 2 * time.Second

// newProxy returns a proxy without servers; it answers 503 until the first server is
// ready. users answers under devUsersPath.
func newProxy(cookieName, enginePath string, users http.Handler) *proxy {
	return &proxy{
		cookieName: cookieName,
		enginePath: enginePath,
		users:      users,
		transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
			MaxIdleConnsPerHost: 256,
			IdleConnTimeout:     time.Minute,
		},
	}
}

// configure changes the cookie's name and the path of the engine. Clients with a cookie
// of the old name are distributed again.
func (f *proxy) configure(cookieName, enginePath string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cookieName, f.enginePath = cookieName, enginePath
}

// add adds a server; it gets clients once it is ready.
func (f *proxy) add(id string, target *url.URL) {
	b := &backend{id: id, url: target}
	b.forward = &httputil.ReverseProxy{
		Transport: f.transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			// The server compares a browser's Origin with the requested Host.
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { f.failed(b, w, r, err) },
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backends = append(f.backends, b)
}

// remove removes a server; its clients move with their next request.
func (f *proxy) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backends = slices.DeleteFunc(f.backends, func(b *backend) bool { return b.id == id })
}

// setReady sets whether a server may get new clients.
func (f *proxy) setReady(id string, ready bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.index(id); i >= 0 {
		f.backends[i].ready = ready
	}
}

func (f *proxy) index(id string) int {
	return slices.IndexFunc(f.backends, func(b *backend) bool { return b.id == id })
}

// ServeHTTP passes the request to the client's server, or to a new one, and sets the
// cookie when the server differs from the client's cookie.
func (f *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		f.welcome(w)
		return
	case devUsersPath:
		f.users.ServeHTTP(w, r)
		return
	}
	b, named := f.choose(r)
	if b == nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "no server is ready yet; the terminal of make run has the reason", http.StatusServiceUnavailable)
		return
	}
	if !named {
		f.setCookie(w, b)
	}
	b.forward.ServeHTTP(w, r)
}

// choose returns the server for a request, and whether the request's cookie names that
// server. It returns nil when no server is ready.
func (f *proxy) choose(r *http.Request) (b *backend, named bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	hasSession := r.URL.Query().Get("sid") != ""
	if cookie, err := r.Cookie(f.cookieName); err == nil {
		if i := f.index(cookie.Value); i >= 0 && (f.backends[i].ready || hasSession) {
			return f.backends[i], true
		}
	}
	return f.roundRobin(), false
}

func (f *proxy) roundRobin() *backend {
	for range f.backends {
		b := f.backends[f.next%len(f.backends)]
		f.next = (f.next + 1) % len(f.backends)
		if b.ready {
			return b
		}
	}
	return nil
}

// setCookie makes the client stick to a server. The cookie is not Secure, because this
// proxy serves plain HTTP on this machine only.
func (f *proxy) setCookie(w http.ResponseWriter, b *backend) {
	f.mu.Lock()
	name := f.cookieName
	f.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: name, Value: b.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// failed answers for a server that did not. An error of the client's side does not count;
// any other error makes the server unready until its next readiness probe.
func (f *proxy) failed(b *backend, w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	f.setReady(b.id, false)
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("%s did not answer: %v", b.id, err), http.StatusBadGateway)
}

// welcome describes this port to a person with a browser.
func (f *proxy) welcome(w http.ResponseWriter) {
	f.mu.Lock()
	path := f.enginePath
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "Anteroom runs here. Try it out at %s, or connect a Socket.IO v4 client with path %s;\n"+
		"the terminal of make run shows a client to paste and tokens to use.\n", configv1.PlaygroundPath, path)
}
