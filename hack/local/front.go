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

// front is the sticky proxy before the servers. Like the ingress of a cluster
// it sets a cookie that names a server, and follows it as long as that server
// can answer:
//
//   - a ready server gets every request with its cookie;
//   - a server that is alive but not ready (it drains) keeps the requests of the
//     sessions it holds, those with a sid; whoever begins anew is moved away;
//   - a dead server's clients are moved to one that is ready.
//
// New clients go round the ready servers in turn, and so does whoever sends no
// cookie: the servers forward to each other what belongs to another one.
type front struct {
	mu         sync.Mutex
	cookieName string
	enginePath string
	backends   []*backend
	next       int

	// users answers the playground's request for dev tokens.
	users     http.Handler
	transport *http.Transport
}

// backend is one server as the front sees it.
type backend struct {
	// id is the cookie's value.
	id    string
	url   *url.URL
	ready bool
	proxy *httputil.ReverseProxy
}

// dialTimeout bounds how long the front tries to reach a server on this machine.
const dialTimeout = 2 * time.Second

// newFront returns a front without servers; until the first is added and ready
// it answers 503. Users answers under devUsersPath.
func newFront(cookieName, enginePath string, users http.Handler) *front {
	return &front{
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

// configure changes the cookie's name and the path that sessions live under.
// Clients with a cookie of the old name are spread anew.
func (f *front) configure(cookieName, enginePath string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cookieName, f.enginePath = cookieName, enginePath
}

// add makes a server known; it gets clients once it is ready.
func (f *front) add(id string, target *url.URL) {
	b := &backend{id: id, url: target}
	b.proxy = &httputil.ReverseProxy{
		Transport: f.transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			// The server compares a browser's Origin with the Host it was asked for.
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { f.failed(b, w, r, err) },
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backends = append(f.backends, b)
}

// remove forgets a server; its clients are moved with their next request.
func (f *front) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backends = slices.DeleteFunc(f.backends, func(b *backend) bool { return b.id == id })
}

// setReady says whether a server may get new clients.
func (f *front) setReady(id string, ready bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.index(id); i >= 0 {
		f.backends[i].ready = ready
	}
}

func (f *front) index(id string) int {
	return slices.IndexFunc(f.backends, func(b *backend) bool { return b.id == id })
}

// ServeHTTP passes the request to the client's server, or to a new one, and
// sets the cookie when the server is not the one the client named.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		http.Error(w, "no server is ready yet; the terminal of make run says why", http.StatusServiceUnavailable)
		return
	}
	if !named {
		f.setCookie(w, b)
	}
	b.proxy.ServeHTTP(w, r)
}

// choose returns the server for a request, and whether its cookie names that
// server already. It returns nil when no server is ready.
func (f *front) choose(r *http.Request) (b *backend, named bool) {
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

func (f *front) roundRobin() *backend {
	for range f.backends {
		b := f.backends[f.next%len(f.backends)]
		f.next = (f.next + 1) % len(f.backends)
		if b.ready {
			return b
		}
	}
	return nil
}

// setCookie makes the client stick to a server. The cookie is not Secure: this
// front speaks plain HTTP and only on this machine.
func (f *front) setCookie(w http.ResponseWriter, b *backend) {
	f.mu.Lock()
	name := f.cookieName
	f.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: name, Value: b.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// failed answers for a server that did not. A client that went away is no
// fault of the server; anything else takes it out until its readiness probe
// says otherwise.
func (f *front) failed(b *backend, w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	f.setReady(b.id, false)
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("%s did not answer: %v", b.id, err), http.StatusBadGateway)
}

// welcome tells a person with a browser what this port is for.
func (f *front) welcome(w http.ResponseWriter) {
	f.mu.Lock()
	path := f.enginePath
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "Anteroom runs here. Try it out at %s, or connect a Socket.IO v4 client with path %s;\n"+
		"the terminal of make run shows a client to paste and tokens to use.\n", configv1.PlaygroundPath, path)
}
