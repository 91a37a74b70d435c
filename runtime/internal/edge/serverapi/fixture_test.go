package serverapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/revocation"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

const token = "a token of the tests"

// stand is a Server over a Redis of its own.
type stand struct {
	t      *testing.T
	client *redisstore.Client
	server *Server
	token  string
	// now is the server's clock when it is not zero.
	now time.Time
}

// policies has one type of lobby.
type policies struct{}

func (policies) Policy(kind string) (lobbyrules.Policy, bool) {
	return lobbyrules.Policy{
		Name: "duel", Revision: "r1", Type: "duel", Size: lobbyrules.SizePolicy{Min: 1, Max: 4},
		Visibility: lobbyrules.VisibilityPolicy{Default: wire.VisibilityPublic, Allowed: []wire.Visibility{wire.VisibilityPublic}},
		Join:       lobbyrules.JoinPolicy{MaxPerUser: 1},
		Attributes: []lobbyrules.AttributeRule{{Key: "ranked", Type: lobbyrules.AttributeBoolean, WritableBy: lobbyrules.WriterServer}},
		Limits:     lobbyrules.AttributeLimits{Keys: 8, Bytes: 256},
		Lifecycle:  lobbyrules.LifecyclePolicy{EmptyTimeout: time.Minute, MaxLifetime: time.Hour},
	}, kind == "duel"
}

// queues returns a single queue for two players.
type queues struct{}

func (queues) Queue(name string) (matchmaking.Queue, bool) {
	return matchmaking.Queue{
		Name: "duel", Revision: "r1",
		Match:      matching.Queue{Teams: []matching.Team{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}}},
		Attributes: []matchmaking.Attribute{{Name: "skill", Type: matchmaking.Number}},
		Interval:   time.Second, TicketTTL: time.Minute, TicketsPerUser: 1, MaxTickets: 100,
	}, name == "duel"
}

func (q queues) Queues() []matchmaking.Queue {
	duel, _ := q.Queue("duel")
	return []matchmaking.Queue{duel}
}

func newStand(t *testing.T) *stand {
	t.Helper()
	client, err := redisstore.Open(t.Context(), redisstore.Options{
		Topology: redisstore.Standalone, Addresses: []string{redistest.Start(t).Addr()}, Prefix: "t:",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	keep := stream.Retention{LogSize: 100, LogTTL: time.Minute, TTL: time.Minute}
	s := &stand{t: t, client: client, token: token}
	users := presence.NewService(presence.Ports{Store: client.Store(), Deadlines: client.Deadlines()},
		presence.Settings{HistoryTTL: time.Minute, Rules: presence.Rules{AwayAfter: time.Minute}})
	s.server, err = New(Options{
		Presence: users, Sessions: users.SessionIDs,
		Inboxes: notify.NewService(notify.Ports{
			Store: client.Store(), Names: client.Names(), Sets: client.Sets(), Deadlines: client.Deadlines(),
			Connections: func(context.Context, string) (notify.Connections, error) {
				return notify.Connections{Online: true}, nil
			},
		}, notify.Settings{
			Rules: notify.Rules{MaxPerUser: 10, Retention: time.Hour}, HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute,
		}),
		Queues: matchmaking.NewService(matchmaking.Ports{
			Records: client.Records(matchmaking.TicketsTable), Store: client.Store(), Caster: client.Store(), Names: client.Names(), Sets: client.Sets(),
			Queues: queues{}, Parties: party.NewService(party.Ports{
				Store: client.Store(), Names: client.Names(), Sets: client.Sets(), Deadlines: client.Deadlines(),
			}, party.Settings{HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute}),
		}, matchmaking.Settings{HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute}),
		Token: func() (string, error) { return s.token, nil },
		Store: client.Store(), Replies: client.Replies(), Online: client.Registry(),
		Lobbies: lobby.NewService(lobby.Ports{
			Store: client.Store(), Names: client.Names(), Sets: client.Sets(), Deadlines: client.Deadlines(), Policies: policies{}, Index: client.Lobbies(),
		}, lobby.Settings{HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute}),
		Chats: chat.NewService(client.Store(), openTo{}, chat.Settings{
			HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute, Deadlines: client.Deadlines(),
		}),
		Rooms:       &room.Service{Store: client.Store(), Sets: client.Sets(), Retain: keep},
		Revocations: revocation.Book{Values: client.Values()},
		UserRetain:  keep, RoomRetain: keep, BroadcastRetain: keep,
		IdempotencyTTL: time.Minute, MaxData: 1024, Version: "v1", Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: func() time.Time {
			if s.now.IsZero() {
				return time.Now()
			}
			return s.now
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openTo is a chat.Access that knows the channel lobby:l, of back ends alone.
type openTo struct{}

func (openTo) Channel(_ context.Context, c request.Caller, channel string) (chat.Policy, error) {
	if !c.Backend || channel != "lobby:l" {
		return chat.Policy{}, wire.Refuse(wire.CodeNotFound, "there is no such channel")
	}
	return chat.Policy{Enabled: true}, nil
}

// online registers a session for each user.
func (s *stand) online(users ...string) {
	s.t.Helper()
	for _, user := range users {
		if err := s.client.Registry().Add(s.t.Context(), "pod", peer.Session{ID: "s-" + user, UserID: user}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// lobby makes a lobby of which a user is the host.
func (s *stand) lobby(user string) string {
	s.t.Helper()
	out, err := s.server.Lobbies.Create(s.t.Context(), request.Call{
		Caller: request.Caller{User: request.User{ID: user}, SessionID: "s-" + user},
	}, &wire.LobbyCreate{Type: "duel"})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Lobby.ID
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; body is JSON, or a text as it is.
func (s *stand) do(method, path string, body any, header ...string) answer {
	s.t.Helper()
	var content []byte
	switch body := body.(type) {
	case nil:
	case string:
		content = []byte(body)
	default:
		var err error
		if content, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, bytes.NewReader(content))
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	return answer{w.Code, w.Result().Header, w.Body.Bytes()}
}

// post sends a request that must succeed, and decodes the answer.
func (s *stand) post(path string, body, into any, header ...string) {
	s.t.Helper()
	a := s.do(http.MethodPost, path, body, header...)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		s.t.Fatal(err)
	}
}

// refused sends a request that must be refused.
func (s *stand) refused(method, path string, body any, header ...string) (int, wire.Error) {
	s.t.Helper()
	a := s.do(method, path, body, header...)
	var f failure
	if err := json.Unmarshal(a.body, &f); err != nil || f.Error == nil {
		s.t.Fatalf("%s %s is answered %d %s", method, path, a.status, a.body)
	}
	return a.status, *f.Error
}

// at is where a stream is; zero where there is none.
func (s *stand) at(id stream.ID) uint64 {
	s.t.Helper()
	now, err := s.client.Store().CatchUp(s.t.Context(), id, stream.Position{})
	if err != nil {
		s.t.Fatal(err)
	}
	return now.Now.Seq
}

// last is the newest record of a stream.
func (s *stand) last(id stream.ID) stream.Record {
	s.t.Helper()
	page, err := s.client.Store().Page(s.t.Context(), id, stream.PageQuery{Limit: 1})
	if err != nil || len(page.Records) == 0 {
		s.t.Fatalf("%s has no record, %v", id, err)
	}
	return page.Records[0]
}

func long(n int) string { return strings.Repeat("x", n) }
