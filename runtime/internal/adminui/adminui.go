// Package adminui serves the official Admin UI of Socket.IO (the page of
// @socket.io/admin-ui 0.5), for looking on: how the servers of the cluster are, and who is
// connected to this one. Nothing can be done through it. It tells no address, no header,
// no payload and no room, and nothing to who does not bring the token.
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

	"github.com/anteroom/anteroom/runtime/internal/engineio"
	"github.com/anteroom/anteroom/runtime/internal/session"
	"github.com/anteroom/anteroom/runtime/internal/socketio"
)

// Path is where the page looks for its server.
const Path = "/socket.io/"

const (
	namespaceName = "/admin"
	// maxConnections bounds those who look on, and those who try to.
	maxConnections = 16
	// maxListed is how many connections are listed, the newest.
	maxListed = 1000
	// maxMessage is for what a page may send, in bytes: its credentials.
	maxMessage = 16 << 10
	// outbound is how many bytes may wait for a page: more than the longest list.
	outbound = 2 << 20
	// connectTimeout is how long a page may take to sign in.
	connectTimeout = 5 * time.Second
	// tellEvery is how often the page expects stats; it takes a server for dead after 10 s.
	tellEvery = 2 * time.Second
	// signedInFor is how long a page is told without bringing the token again.
	signedInFor = 12 * time.Hour
)

var (
	// errCredentials has the words by which the page knows that it is to ask again.
	errCredentials = errors.New("invalid credentials")
	errToken       = errors.New("the token cannot be read")
)

// Options of a [UI]. All are required.
type Options struct {
	// Token gives the token that is the password; it is asked for again and again.
	Token func() (string, error)
	// Servers tells how the servers of the cluster are that answer.
	Servers func(ctx context.Context) []Report
	// Connections lists up to n of this server's, the newest first.
	Connections func(n int) []session.Connection
	Log         *slog.Logger
}

// UI is what the page talks to. It is an http.Handler for [Path].
type UI struct {
	Options
	audience *socketio.Audience
	passes   *passes

	mu      sync.Mutex
	viewers map[*socketio.Listener]*viewer
	// before are the last reports, by pod; only Run uses them.
	before map[string]Report
}

// viewer is a page that is signed in.
type viewer struct {
	token string
	until time.Time
	// listed is what it was told last; once it is present, only Run uses it.
	listed []session.Connection
}

// New makes a UI. Run tells those who look on.
func New(o Options) (*UI, error) {
	u := &UI{Options: o, passes: newPasses(), viewers: map[*socketio.Listener]*viewer{}, before: map[string]Report{}}
	var err error
	u.audience, err = socketio.NewAudience(engineio.Options{
		Path: Path, MaxPayload: maxMessage, OutboundBytes: outbound,
		AllowOrigin: checkOrigin, AllowCredentials: true, // the page asks for cookies; there are none
		Log: o.Log,
	}, socketio.AudienceOptions{
		Namespace: namespaceName, Most: maxConnections, ConnectTimeout: connectTimeout,
		Admit: u.admit, Left: u.left,
	})
	return u, err
}

// ServeHTTP serves the page's requests.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.audience.ServeHTTP(w, r) }

// checkOrigin refuses pages of an origin that is neither this server's own host nor the
// machine that the browser runs on.
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

// admit signs a page in: with the token as password, whatever the user name, or with a
// pass that it was given for it.
func (u *UI) admit(auth map[string]any) (func(*socketio.Listener), error) {
	token, err := u.Token()
	if err != nil || token == "" {
		u.Log.Error("the token for the Admin UI cannot be read", "error", err)
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

// tell sends an event. Its error is about the event's name.
func (u *UI) tell(l *socketio.Listener, event string, payload any) {
	if err := l.Emit(event, payload); err != nil {
		u.Log.Error("the Admin UI cannot be told", "event", event, "error", err)
	}
}

// Run tells those who look on how things are, until ctx ends; then it ends their
// connections.
func (u *UI) Run(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = u.audience.Close(last) // they are cut
			return
		case <-tick.C:
			u.look(ctx)
		}
	}
}

// look tells all of them, but for those whose time is up. A listener may leave while it
// is told, so that no lock is held meanwhile.
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

// news makes the stats of all servers, and keeps their reports for the next.
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
