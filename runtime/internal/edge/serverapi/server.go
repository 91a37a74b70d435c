// Package serverapi is the HTTP API for other back ends: they emit events to users,
// lobbies, rooms and everybody, and have a say over sessions. It speaks JSON, knows
// who asks by a bearer token, and describes itself at /openapi.json, and what clients
// speak at /asyncapi.json.
package serverapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/time/rate"

	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/revocation"
)

const (
	// maxBody is how many bytes a request may have.
	maxBody = 2 << 20
	// requestTimeout is how long a request may take.
	requestTimeout = 10 * time.Second
	// A server carries out so many events, users and requests a second; a batch counts
	// for each of its events, an event for each of its users.
	unitsPerSecond = 5_000
	unitsBurst     = 10_000
)

// Online counts users who are connected to any pod of the cluster.
type Online interface {
	// Online counts those of some users.
	Online(ctx context.Context, users ...string) (int, error)
	// OnlineAll counts them all.
	OnlineAll(ctx context.Context) (int, error)
}

// Options of a [Server]. All are required unless they say otherwise.
type Options struct {
	// Token gives the bearer token in force; it is asked for each request.
	Token   func() (string, error)
	Store   stream.Store
	Replies stream.Replies
	Online  Online
	// Lobbies may be nil when the feature is switched off; its routes are not there then.
	Lobbies *lobby.Service
	Rooms   *room.Service
	// Chats, Inboxes, Presence and Queues may be nil likewise.
	Chats    *chat.Service
	Inboxes  *notify.Service
	Presence *presence.Service
	Queues   *matchmaking.Service
	// Sessions gives a user's sessions; it is needed with Queues.
	Sessions    func(ctx context.Context, userID string) ([]string, error)
	Revocations revocation.Book
	// Admit may refuse a request by its method and path, as in "POST /v1/lobbies", with a
	// *wire.Error. Nil refuses none.
	Admit func(route string) error
	// UserRetain, RoomRetain and BroadcastRetain are what the streams keep.
	UserRetain, RoomRetain, BroadcastRetain stream.Retention
	// IdempotencyTTL is how long the answer to a request with a key is remembered.
	IdempotencyTTL time.Duration
	// MaxData is how many bytes the data of an event may have.
	MaxData int64
	// Version is the server's, for the OpenAPI document.
	Version  string
	Registry prometheus.Registerer
	// Tracer traces requests, as parts of the traces that they name in a traceparent
	// header (W3C Trace Context). Nil traces nothing.
	Tracer trace.Tracer
	Log    *slog.Logger
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Server answers the requests of other back ends.
type Server struct {
	Options
	schema *schema.Schema
	routes []route
	mux    *http.ServeMux
	// verbs are routes whose paths end in a verb, by pattern and verb.
	verbs   map[string]map[string]route
	metrics *metrics
	rate    *rate.Limiter
}

// New makes a Server. The error says that its document cannot be made, which is a
// mistake of the program.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Admit == nil {
		o.Admit = func(string) error { return nil }
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	s := &Server{
		Options: o, schema: schema.New(), mux: http.NewServeMux(), metrics: newMetrics(o.Registry),
		rate: rate.NewLimiter(unitsPerSecond, unitsBurst),
	}
	s.register()
	document, err := s.document()
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET /openapi.json", serve(content))
	s.mux.HandleFunc("GET /asyncapi.json", serve(contract.AsyncAPI))
	s.mux.HandleFunc("/", s.unknown)
	return s, nil
}

// serve answers with a document, for which nobody needs a token.
func serve(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // a client that is gone needs no answer
	}
}

// register lists all routes.
func (s *Server) register() {
	s.registerEvents()
	s.registerUsers()
	s.registerChat()
	s.registerRooms()
	s.registerLobbies()
	s.registerNotifications()
	s.registerPresence()
	s.registerTickets()
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }
