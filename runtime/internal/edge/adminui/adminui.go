// Package adminui serves the official Admin UI of Socket.IO (the page of
// @socket.io/admin-ui 0.5), read-only: the state of the cluster's servers, and the users
// connected to this server. It shows no address, header, payload or room, and requires the
// token.
package adminui

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
)

// Path is the path to which the page connects.
const Path = "/socket.io/"

const (
	namespaceName = "/admin"
	// maxConnections bounds the connected pages, including pages that have not signed in.
	maxConnections = 16
	// maxListed bounds the listed connections; the newest are listed.
	maxListed = 1000
	// maxMessage bounds a page's message, its credentials, in bytes.
	maxMessage = 16 << 10
	// outbound bounds the bytes that wait for a page; it is more than the longest list.
	outbound = 2 << 20
	// connectTimeout is the time in which a page must sign in.
	connectTimeout = 5 * time.Second
	// tellEvery is the interval of stats; a page considers a server dead after 10 s
	// without.
	tellEvery = 2 * time.Second
	// signedInFor is the time after which a page must sign in again.
	signedInFor = 12 * time.Hour
)

var (
	// errCredentials has the text on which the page asks for credentials again.
	errCredentials = errors.New("invalid credentials")
	errToken       = errors.New("the token cannot be read")
)

// Options are the options of a [UI]. All are required.
type Options struct {
	// Token returns the token, which is the password. It is called at each sign-in and
	// update.
	Token func() (string, error)
	// Servers returns the reports of the cluster's servers that answer.
	Servers func(ctx context.Context) []Report
	// Connections lists up to n connections of this server, the newest first.
	Connections func(n int) []session.Connection
	Log         *slog.Logger
}

// UI is the server of the page. It is an http.Handler for [Path].
type UI struct {
	Options
	audience *socketio.Audience
	passes   *passes

	mu      sync.Mutex
	viewers map[*socketio.Listener]*viewer
	// before are the last reports by pod; only Run uses them.
	before map[string]Report
}

// viewer is a page that has signed in.
type viewer struct {
	token string
	until time.Time
	// listed is the list that was sent last; after the sign-in only Run uses it.
	listed []session.Connection
}

// New makes a UI. Run sends the updates.
func New(o Options) (*UI, error) {
	u := &UI{Options: o, passes: newPasses(), viewers: map[*socketio.Listener]*viewer{}, before: map[string]Report{}}
	var err error
	u.audience, err = socketio.NewAudience(engineio.Options{
		Path: Path, MaxPayload: maxMessage, OutboundBytes: outbound,
		AllowOrigin: checkOrigin, AllowCredentials: true, // the page sends credentials mode "include"; the server sets no cookies
		Log: o.Log,
	}, socketio.AudienceOptions{
		Namespace: namespaceName, Most: maxConnections, ConnectTimeout: connectTimeout,
		Admit: u.admit, Left: u.left,
	})
	return u, err
}

// ServeHTTP implements http.Handler.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.audience.ServeHTTP(w, r) }

// checkOrigin refuses pages of an origin that is neither this server's host nor the
// browser's own machine.
func checkOrigin(r *http.Request, origin string) error {
	if from, err := url.Parse(origin); err == nil {
		ip := net.ParseIP(from.Hostname())
		if from.Hostname() == "localhost" || ip != nil && ip.IsLoopback() || socketio.SameHost(origin, r.Host) {
			return nil
		}
	}
	return &engineio.Refusal{Reason: engineio.RefusedOrigin, Message: fmt.Sprintf(
		"Forbidden: the origin %.200q is neither this server's host nor this machine", origin)}
}

// admit signs a page in by the token as password, whatever the user name, or by a pass that
// an earlier sign-in returned.
func (u *UI) admit(auth map[string]any) (func(*socketio.Listener), error) {
	token, err := u.Token()
	if err != nil || token == "" {
		u.Log.Error("token of the Admin UI cannot be read; sign-in refused", "error", err)
		return nil, errToken
	}
	now := time.Now()
	pass, _ := auth["sessionId"].(string)
	if until, good := u.passes.check(pass, token, now); good {
		return func(l *socketio.Listener) { u.came(l, &viewer{token: token, until: until}) }, nil
	}
	password, _ := auth["password"].(string)
	if subtle.ConstantTimeCompare([]byte(password), []byte(token)) != 1 {
		return nil, errCredentials
	}
	v := &viewer{token: token, until: now.Add(signedInFor)}
	return func(l *socketio.Listener) {
		u.tell(l, "session", u.passes.make(token, v.until))
		u.came(l, v)
	}, nil
}

func (u *UI) came(l *socketio.Listener, v *viewer) {
	v.listed = u.Connections(maxListed)
	u.tell(l, "config", features)
	u.tell(l, "all_sockets", shown(v.listed))
	u.mu.Lock()
	defer u.mu.Unlock()
	u.viewers[l] = v
}

func (u *UI) left(l *socketio.Listener) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.viewers, l)
}

// tell sends an event to a page. Emit fails only for a reserved event name.
func (u *UI) tell(l *socketio.Listener, event string, payload any) {
	if err := l.Emit(event, payload); err != nil {
		u.Log.Error("event for the Admin UI not sent", "event", event, "error", err)
	}
}

// Run sends updates to the pages until ctx ends, and then closes their connections.
func (u *UI) Run(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = u.audience.Close(last) // an error means that connections were cut
			return
		case <-tick.C:
			u.look(ctx)
		}
	}
}

// look sends an update to each page, or closes its connection when its sign-in has expired.
// A page may leave meanwhile, so look holds no lock.
func (u *UI) look(ctx context.Context) {
	viewers := u.present()
	if len(viewers) == 0 {
		clear(u.before)
		return
	}
	token, err := u.Token()
	now := time.Now()
	news, listed := u.news(u.Servers(ctx), now), u.Connections(maxListed)
	for l, v := range viewers {
		if err != nil || v.token != token || now.After(v.until) {
			l.Cut()
			continue
		}
		for _, s := range news {
			u.tell(l, "server_stats", s)
		}
		if !slices.Equal(v.listed, listed) {
			v.listed = listed
			u.tell(l, "all_sockets", shown(listed))
		}
	}
}

func (u *UI) present() map[*socketio.Listener]*viewer {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.viewers)
}

// news returns the stats of all servers and keeps the reports for the next call.
func (u *UI) news(reports []Report, now time.Time) []serverStats {
	all, kept := make([]serverStats, len(reports)), make(map[string]Report, len(reports))
	for i, r := range reports {
		var before *Report
		if b, known := u.before[r.Pod]; known {
			before = &b
		}
		all[i] = stats(r, before, now)
		kept[r.Pod] = r
	}
	u.before = kept
	return all
}
