package redisstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/lobbytest"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// arena is a lobby service on Redis with one policy.
type arena struct {
	*testing.T
	*lobby.Service
	client *redisstore.Client
	base   string

	mu     sync.Mutex
	policy lobbyrules.Policy
}

func (a *arena) Policy(lobbyType string) (lobbyrules.Policy, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.policy, lobbyType == a.policy.Type
}

func arenaPolicy() lobbyrules.Policy {
	return lobbyrules.Policy{
		Name: "duel", Revision: "r1", Type: "duel", ApplyToAll: true,
		Size:       lobbyrules.SizePolicy{Min: 1, Max: 8},
		Visibility: lobbyrules.VisibilityPolicy{Default: wire.VisibilityPublic, Allowed: []wire.Visibility{wire.VisibilityPublic, wire.VisibilityPrivate}},
		Join:       lobbyrules.JoinPolicy{MaxPerUser: 32, Password: lobbyrules.PasswordPolicy{Allowed: true}},
		Host:       lobbyrules.HostPolicy{Migration: lobbyrules.MigrateOldest, OnLeave: lobbyrules.OnLeaveMigrate},
		Attributes: []lobbyrules.AttributeRule{
			{Key: "map", Type: lobbyrules.AttributeString, WritableBy: lobbyrules.WriterHost, Visibility: lobbyrules.AudiencePublic, Searchable: true},
			{Key: "skill", Type: lobbyrules.AttributeNumber, WritableBy: lobbyrules.WriterHost, Visibility: lobbyrules.AudiencePublic, Searchable: true},
			{Key: "ranked", Type: lobbyrules.AttributeBoolean, WritableBy: lobbyrules.WriterHost, Visibility: lobbyrules.AudiencePublic, Searchable: true},
			{Key: "secret", Type: lobbyrules.AttributeString, WritableBy: lobbyrules.WriterHost, Searchable: true},
		},
		Lifecycle: lobbyrules.LifecyclePolicy{DisconnectGrace: time.Minute, EmptyTimeout: time.Minute, MaxLifetime: time.Hour},
		Search:    lobbyrules.SearchPolicy{Enabled: true, MaxResults: 3},
	}
}

func newArena(t *testing.T, o redisstore.Options) *arena {
	if o.Prefix == "" {
		o.Prefix = fmt.Sprintf("t%d:", prefixes.Add(1))
	}
	a := &arena{T: t, client: open(t, o), policy: arenaPolicy(), base: o.Prefix + "{lobbies:duel}:"}
	c := a.client
	a.Service = lobby.NewService(lobby.Ports{
		Store: c.Store(), Names: c.Names(), Sets: c.Sets(), Deadlines: c.Deadlines(), Policies: a, Index: c.Lobbies(),
	}, lobby.Settings{HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute, PasswordCost: 4})
	return a
}

func caller(user string) request.Call {
	return request.Call{Caller: request.Caller{User: request.User{ID: user, Name: user}, SessionID: user + "-1"}}
}

func (a *arena) create(user, name string, attributes wire.Attributes) lobbyrules.Lobby {
	a.Helper()
	out, err := a.Create(a.Context(), caller(user), &wire.LobbyCreate{Type: "duel", Name: name, Attributes: attributes})
	if err != nil {
		a.Fatal(err)
	}
	return out.Lobby
}

// find returns the names of all lobbies that a search finds, over all pages.
func (a *arena) find(req wire.LobbySearch) []string {
	a.Helper()
	req.Type = "duel"
	names := []string{}
	for range 100 {
		found, err := a.Search(a.Context(), &req)
		if err != nil {
			a.Fatalf("%+v: %v", req, err)
		}
		for _, l := range found.Lobbies {
			names = append(names, l.Name)
		}
		if req.Cursor = found.Cursor; req.Cursor == "" {
			return names
		}
	}
	a.Fatal("the search has no last page")
	return nil
}

var indexBackends = map[string]func(t *testing.T) redisstore.Options{
	"standalone": func(t *testing.T) redisstore.Options { return standalone(redistest.Start(t)) },
	"cluster":    func(t *testing.T) redisstore.Options { return clustered(redistest.StartCluster(t)) },
	"miniredis": func(t *testing.T) redisstore.Options {
		return redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{miniredis.RunT(t).Addr()}}
	},
}

func TestLobbySearch(t *testing.T) {
	for name, backend := range indexBackends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			searches(newArena(t, backend(t)))
		})
	}
}

func searches(a *arena) {
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		attributes := wire.Attributes{"map": []string{"dust", "ice"}[i%2], "ranked": i < 3}
		if name != "g" {
			attributes["skill"] = float64(i*10) - 20
		}
		a.create(fmt.Sprint("u", i), name, attributes)
	}
	if _, err := a.Create(a.Context(), caller("p"), &wire.LobbyCreate{Type: "duel", Name: "hidden", Visibility: wire.VisibilityPrivate}); err != nil {
		a.Fatal(err)
	}
	type filter = map[string]wire.LobbyFilter
	for _, tc := range []struct {
		name   string
		filter filter
		sort   string
		want   []string
	}{
		{"all, by name", nil, "name", []string{"a", "b", "c", "d", "e", "f", "g"}},
		{"by name, descending", nil, "-name", []string{"g", "f", "e", "d", "c", "b", "a"}},
		{"by a number, lobbies with the number", nil, "attributes.skill", []string{"a", "b", "c", "d", "e", "f"}},
		{"by a number, descending", nil, "-attributes.skill", []string{"f", "e", "d", "c", "b", "a"}},
		{"eq", filter{"attributes.map": {Eq: "ice"}}, "name", []string{"b", "d", "f"}},
		{"ne", filter{"attributes.map": {Ne: "ice"}}, "-name", []string{"g", "e", "c", "a"}},
		{"in", filter{"name": {In: []any{"f", "a", "z"}}}, "name", []string{"a", "f"}},
		{"in nothing", filter{"name": {In: []any{}}}, "name", []string{}},
		{"lt", filter{"attributes.skill": {Lt: 0.0}}, "name", []string{"a", "b"}},
		{"lte", filter{"attributes.skill": {Lte: 0.0}}, "name", []string{"a", "b", "c"}},
		{"gt", filter{"attributes.skill": {Gt: 10.0}}, "name", []string{"e", "f"}},
		{"gte and lt", filter{"attributes.skill": {Gte: -10.0, Lt: 20.0}}, "-attributes.skill", []string{"d", "c", "b"}},
		{"near", filter{"attributes.skill": {Near: &wire.LobbyNear{Value: 1, Within: 10}}}, "name", []string{"c", "d"}},
		{"a boolean", filter{"attributes.ranked": {Eq: true}}, "name", []string{"a", "b", "c"}},
		{"two filters", filter{"attributes.ranked": {Eq: true}, "attributes.map": {Eq: "dust"}}, "name", []string{"a", "c"}},
		{"by name", filter{"name": {Gt: "b", Lte: "e"}}, "name", []string{"c", "d", "e"}},
		{"no match", filter{"players": {Gt: 1.0}}, "name", []string{}},
	} {
		if d := cmp.Diff(tc.want, a.find(wire.LobbySearch{Filter: tc.filter, Sort: tc.sort})); d != "" {
			a.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
	for field, req := range map[string]wire.LobbySearch{
		"type":                     {Type: "none"},
		"sort":                     {Type: "duel", Sort: "nothing"},
		"cursor":                   {Type: "duel", Cursor: "nonsense"},
		"filter.attributes.secret": {Type: "duel", Filter: filter{"attributes.secret": {Eq: "x"}}},
		"filter.hostId":            {Type: "duel", Filter: filter{"hostId": {Eq: "x"}}},
		"filter.players.eq":        {Type: "duel", Filter: filter{"players": {Eq: "many"}}},
		"filter.players.in":        {Type: "duel", Filter: filter{"players": {In: []any{nil}}}},
		"filter.name.near":         {Type: "duel", Filter: filter{"name": {Near: &wire.LobbyNear{}}}},
	} {
		_, err := a.Search(a.Context(), &req)
		if refusal, ok := err.(*wire.Error); !ok || refusal.Code != wire.CodeInvalidArgument || refusal.Field != field { //nolint:errorlint // the rules give it as it is
			a.Errorf("%s: %v", field, err)
		}
	}
	page, err := a.Search(a.Context(), &wire.LobbySearch{Type: "duel", Sort: "name"})
	if err != nil || len(page.Lobbies) != 3 {
		a.Fatalf("%d lobbies, %v", len(page.Lobbies), err)
	}
	if _, err := a.Search(a.Context(), &wire.LobbySearch{Type: "duel", Sort: "-name", Cursor: page.Cursor}); err == nil {
		a.Error("Search accepted the cursor of another search")
	}
}

func TestIndexFollowsLobbiesAndIsRepaired(t *testing.T) {
	server := redistest.Start(t)
	a := newArena(t, standalone(server))
	l := a.create("ann", "one", wire.Attributes{"map": "dust"})
	two := a.create("bob", "two", nil)
	name := "uno"
	if _, err := a.Update(t.Context(), caller("ann"), &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Name: &name}}); err != nil {
		t.Fatal(err)
	}
	all := wire.LobbySearch{Sort: "name"}
	want := func(when string, names ...string) {
		t.Helper()
		if d := cmp.Diff(append([]string{}, names...), a.find(all)); d != "" {
			t.Errorf("%s (-want +got):\n%s", when, d)
		}
	}
	want("renamed", "two", "uno")
	if _, err := a.CloseByServer(t.Context(), two.ID, "test"); err != nil {
		t.Fatal(err)
	}
	want("closed", "uno")

	// A lobby that Redis lost is not found, and its entry is removed.
	three := a.create("tom", "three", nil)
	server.MustDo("DEL", a.base[:len(a.base)-len("{lobbies:duel}:")]+"{lobby:"+three.ID+"}:h")
	want("lost", "uno")
	if known := server.MustDo("HEXISTS", a.base+"k", three.ID); known != "0" {
		t.Errorf("HEXISTS of a lost lobby's entry: %s, want 0", known)
	}

	// A member without a header, and a wrong card.
	server.MustDo("ZADD", a.base+"f:name", "0", "aaa\x00"+two.ID)
	want("a stray member", "uno")
	server.MustDo("HSET", a.base+"c", l.ID, `{"id":"`+l.ID+`","name":"lie"}`)
	want("a wrong card is returned until the sweep", "lie")
	sweep := func() {
		t.Helper()
		if _, err := a.Sweep(t.Context(), lobby.ListStream("duel")); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	want("swept", "uno")
	server.MustDo("ZREM", a.base+"f:name", "uno\x00"+l.ID)
	want("a member is missing")
	sweep()
	want("swept again", "uno")

	// The whole index is lost: the lobbies' deadlines restore it.
	server.MustDo("DEL", a.base+"k", a.base+"c", a.base+"a", a.base+"f:name")
	if _, err := a.OnDeadline(t.Context(), lobby.StreamID(l.ID)); err != nil {
		t.Fatal(err)
	}
	want("after the lobby's deadline", "uno")
}

// The process that created the first lobby of a type may have died before it scheduled the
// sweep. A lobby's deadline schedules it too.
func TestLobbyDeadlineSchedulesTheSweep(t *testing.T) {
	server := redistest.Start(t)
	a := newArena(t, standalone(server))
	l := a.create("ann", "one", nil)
	prefix := strings.TrimSuffix(a.base, "{lobbies:duel}:")
	forget := func() (asked int) {
		for shard := range 16 {
			if server.MustDo("ZREM", fmt.Sprintf("%s{deadlines:%d}:due", prefix, shard), string(lobby.ListStream("duel"))) == "1" {
				asked++
			}
		}
		return asked
	}
	if forget() != 1 {
		t.Fatal("the first lobby did not schedule the sweep")
	}
	if _, err := a.OnDeadline(t.Context(), lobby.StreamID(l.ID)); err != nil {
		t.Fatal(err)
	}
	if forget() != 1 {
		t.Error("the lobby's deadline did not schedule the sweep")
	}
}

func TestPolicyReachesLivingLobbies(t *testing.T) {
	a := newArena(t, standalone(redistest.Start(t)))
	l := a.create("ann", "one", nil)
	a.mu.Lock()
	a.policy.Revision = "r2"
	a.mu.Unlock()
	if _, err := a.Sweep(t.Context(), lobby.ListStream("duel")); err != nil {
		t.Fatal(err)
	}
	caught, err := a.client.Store().CatchUp(t.Context(), lobby.StreamID(l.ID), stream.Position{Epoch: l.Epoch, Seq: 1})
	if err != nil || len(caught.Records) != 1 {
		t.Fatalf("%+v, %v", caught, err)
	}
	var patch wire.LobbyPatch
	if err := json.Unmarshal(caught.Records[0].Data, &patch); err != nil || patch.Cause.Type != wire.CausePolicyChanged {
		t.Errorf("patch %s, %v", caught.Records[0].Data, err)
	}
}

// listener is a sink that records the pushes of a list.
type listener struct {
	mu   sync.Mutex
	told []wire.LobbyListed
	news chan struct{}
}

func (l *listener) Deliver(d *stream.Delivery) {
	var told wire.LobbyListed
	if err := json.Unmarshal(d.Data, &told); err == nil {
		l.mu.Lock()
		l.told = append(l.told, told)
		l.mu.Unlock()
	}
	l.news <- struct{}{}
}

func (l *listener) Reset(stream.ID, stream.Snapshot) {}

func TestListIsPublished(t *testing.T) {
	a := newArena(t, standalone(redistest.Start(t)))
	hub := stream.NewHub(a.client.Store(), a.client.Bus())
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	defer running.Wait()
	defer stop()
	heard := &listener{news: make(chan struct{}, 100)}
	at, err := hub.Attach(ctx, lobby.ListStream("duel"), stream.Position{}, heard)
	if err != nil {
		t.Fatal(err)
	}
	at.Start()
	next := func() wire.LobbyListed {
		t.Helper()
		select {
		case <-heard.news:
		case <-time.After(20 * time.Second):
			t.Fatal("no push of the list within 20 s")
		}
		heard.mu.Lock()
		defer heard.mu.Unlock()
		return heard.told[len(heard.told)-1]
	}
	l := a.create("ann", "one", nil)
	if told := next(); len(told.Added) != 1 || told.Added[0].Name != "one" {
		t.Errorf("created: %+v", told)
	}
	for i := range 5 {
		name := fmt.Sprint("n", i)
		if _, err := a.Update(t.Context(), caller("ann"), &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Name: &name}}); err != nil {
			t.Fatal(err)
		}
	}
	for told := next(); ; told = next() {
		if len(told.Updated) != 1 || len(told.Added)+len(told.Removed) != 0 {
			t.Fatalf("renamed: %+v", told)
		}
		if told.Updated[0].Name == "n4" {
			break
		}
	}
	if _, err := a.CloseByServer(t.Context(), l.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if told := next(); !slices.Equal(told.Removed, []string{l.ID}) {
		t.Errorf("closed: %+v", told)
	}
}

// A lobby that changes between publishing and settling keeps a pending change, relative to
// the published state.
func TestChangeWhileTheListIsPublished(t *testing.T) {
	index := open(t, standalone(redistest.Start(t))).Lobbies()
	version := uint64(0)
	put := func(gone bool) {
		t.Helper()
		version++
		e := search.Entry{ID: "a", Epoch: "e", Version: version, Gone: gone, Listed: !gone, Card: []byte(`{}`)}
		if _, err := index.Put(t.Context(), "duel", e); err != nil {
			t.Fatal(err)
		}
	}
	changes := func(was, is bool) []search.IndexChange {
		t.Helper()
		all, err := index.Changes(t.Context(), "duel", 10)
		if err != nil || len(all) != 1 || all[0].Was != was || all[0].Is != is {
			t.Fatalf("%+v, %v: want one change with Was %v and Is %v", all, err, was, is)
		}
		return all
	}
	settle := func(told []search.IndexChange, want bool) {
		t.Helper()
		if left, err := index.Settle(t.Context(), "duel", told); err != nil || left != want {
			t.Fatalf("Settle: changes left %v, %v", left, err)
		}
	}
	put(false)
	told := changes(false, true)
	put(false)
	settle(told, true)
	told = changes(true, true)
	put(true)
	settle(told, true)
	told = changes(true, false)
	put(false)
	settle(told, true)
	settle(changes(false, true), false)
}

func TestQuickJoin(t *testing.T) {
	a := newArena(t, standalone(redistest.Start(t)))
	quick := func(user string, req wire.LobbyQuickJoin) (lobbyrules.Lobby, bool) {
		t.Helper()
		req.Type = "duel"
		out, created, err := a.QuickJoin(t.Context(), caller(user), &req)
		if err != nil {
			t.Fatal(err)
		}
		return out.Lobby, created
	}
	if _, _, err := a.QuickJoin(t.Context(), caller("ann"), &wire.LobbyQuickJoin{Type: "duel"}); err == nil {
		t.Error("quick join succeeded without a lobby")
	}
	first, created := quick("ann", wire.LobbyQuickJoin{CreateIfNone: &wire.LobbyQuickCreate{MaxMembers: 2, Name: "quick"}})
	if !created || first.Name != "quick" {
		t.Errorf("created %v: %+v", created, first)
	}
	second, created := quick("bob", wire.LobbyQuickJoin{CreateIfNone: &wire.LobbyQuickCreate{}})
	if created || second.ID != first.ID || !second.Has("bob") {
		t.Errorf("created %v, %s instead of %s", created, second.ID, first.ID)
	}
	third, created := quick("tom", wire.LobbyQuickJoin{CreateIfNone: &wire.LobbyQuickCreate{Attributes: wire.Attributes{"map": "ice"}}})
	if !created || third.ID == first.ID {
		t.Errorf("created %v although the first lobby is full", created)
	}
	filter := map[string]wire.LobbyFilter{"attributes.map": {Eq: "dust"}}
	if _, _, err := a.QuickJoin(t.Context(), caller("kim"), &wire.LobbyQuickJoin{Type: "duel", Filter: filter}); err == nil {
		t.Error("quick join ignored the filter")
	}
}

// Users quick-join concurrently on two servers. No more lobbies are created than they fill.
func TestConcurrentQuickJoins(t *testing.T) {
	o := standalone(redistest.Start(t))
	o.Prefix = fmt.Sprintf("t%d:", prefixes.Add(1))
	arenas := []*arena{newArena(t, o), newArena(t, o)}
	for _, c := range []struct{ users, places, lobbies int }{{4, 7, 1}, {8, 8, 1}, {12, 4, 3}} {
		var mu sync.Mutex
		members := map[string]int{}
		var joining sync.WaitGroup
		for n := range c.users {
			joining.Go(func() {
				user := fmt.Sprint("user-", c.places, "-", n)
				out, _, err := arenas[n%2].QuickJoin(t.Context(), caller(user), &wire.LobbyQuickJoin{
					Type: "duel", Filter: map[string]wire.LobbyFilter{"maxMembers": {Eq: float64(c.places)}},
					CreateIfNone: &wire.LobbyQuickCreate{MaxMembers: c.places},
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				members[out.Lobby.ID]++
			})
		}
		joining.Wait()
		if len(members) != c.lobbies {
			t.Errorf("%d users over lobbies of %d: %v, want %d lobbies", c.users, c.places, members, c.lobbies)
		}
	}
}

// A repeated quick join returns the first answer, even from another server whose search
// would find other lobbies now.
func TestRepeatedQuickJoin(t *testing.T) {
	a := newArena(t, standalone(redistest.Start(t)))
	keyed := func(user string) request.Call {
		c := caller(user)
		c.Key = "k"
		return c
	}
	quick := func(c request.Call) (string, bool) {
		t.Helper()
		create := &wire.LobbyQuickCreate{MaxMembers: 2}
		out, created, err := a.QuickJoin(t.Context(), c, &wire.LobbyQuickJoin{Type: "duel", Key: wire.Key{Key: c.Key}, CreateIfNone: create})
		if err != nil {
			t.Fatal(err)
		}
		return out.Lobby.ID, created
	}
	want := func(id string, made bool) func(string, bool) {
		return func(again string, created bool) {
			t.Helper()
			if again != id || created != made {
				t.Errorf("joined %s (created %v), want %s (created %v)", again, created, id, made)
			}
		}
	}
	made, created := quick(keyed("ann"))
	want(made, true)(made, created)
	a.create("tom", "open", nil)
	want(made, true)(quick(keyed("ann")))
	want(made, false)(quick(keyed("bob"))) // joins the fullest lobby, which is full then
	want(made, false)(quick(keyed("bob")))
	want(made, true)(quick(keyed("ann")))
	if other, _ := quick(caller("bob")); other == made {
		t.Error("a request with another key returned the first answer")
	}
}

// BenchmarkLobbySearch searches among 100,000 open lobbies, one search at a time.
func BenchmarkLobbySearch(b *testing.B) {
	server := redistest.Start(b)
	c := open(b, standalone(server))
	p := arenaPolicy()
	p.Search.MaxResults = 50
	fillIndex(b, c, p, 100_000)
	s := lobby.NewService(lobby.Ports{
		Store: c.Store(), Names: c.Names(), Sets: c.Sets(), Deadlines: c.Deadlines(), Policies: one{p}, Index: c.Lobbies(),
	}, lobby.Settings{HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute})
	type filter = map[string]wire.LobbyFilter
	three := filter{
		"attributes.map": {In: []any{"ice", "fog"}}, "attributes.ranked": {Eq: true}, "attributes.skill": {Gte: 100.0, Lt: 300.0},
	}
	for _, tc := range []struct {
		name string
		req  wire.LobbySearch
	}{
		{"newest", wire.LobbySearch{}},
		{"sorted", wire.LobbySearch{Sort: "attributes.skill"}},
		{"one", wire.LobbySearch{Filter: filter{"attributes.map": {Eq: "ice"}}}},
		{"one-sorted", wire.LobbySearch{Filter: filter{"attributes.map": {Eq: "ice"}}, Sort: "attributes.skill"}},
		{"near", wire.LobbySearch{Filter: filter{"attributes.skill": {Near: &wire.LobbyNear{Value: 500, Within: 4}}}, Sort: "-createdAt"}},
		{"three", wire.LobbySearch{Filter: three}},
		{"three-sorted", wire.LobbySearch{Filter: three, Sort: "-players"}},
		{"none", wire.LobbySearch{Filter: filter{
			"attributes.map": {Eq: "ice"}, "players": {Lte: 1.0}, "attributes.skill": {Lt: 1000.0}, "name": {Ne: "x"}, "attributes.ranked": {Eq: true},
		}, Sort: "attributes.skill"}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			tc.req.Type = "duel"
			times := make([]time.Duration, 0, b.N)
			own, redis := ownCPU(b), redisCPU(b, server)
			for b.Loop() {
				began := time.Now()
				if _, err := s.Search(b.Context(), &tc.req); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(began))
			}
			n := float64(len(times))
			b.ReportMetric((ownCPU(b)-own)*1e6/n, "own-cpu-µs/op")
			b.ReportMetric((redisCPU(b, server)-redis)*1e6/n, "redis-cpu-µs/op")
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// fillIndex adds open lobbies to the index.
func fillIndex(b *testing.B, c *redisstore.Client, p lobbyrules.Policy, lobbies int) {
	b.Helper()
	const makers = 128
	maps := []string{"dust", "ice", "sand", "fog"}
	var all sync.WaitGroup
	for part := range makers {
		all.Go(func() {
			for i := part; i < lobbies; i += makers {
				l, _, err := lobbyrules.Create(p, lobbyrules.CreateCommand{
					ID: ulid.Make().String(), Host: lobbyrules.Actor{ID: fmt.Sprint("u", i)}, Name: fmt.Sprint("lobby ", i),
					Attributes: wire.Attributes{"map": maps[i%4], "skill": float64(i % 1000), "ranked": i%3 == 0},
				}, time.UnixMilli(int64(1_700_000_000_000+i)))
				if err == nil {
					err = lobbytest.Enlist(b.Context(), c.Store(), c.Lobbies(), l)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

type one struct{ policy lobbyrules.Policy }

func (o one) Policy(string) (lobbyrules.Policy, bool) { return o.policy, true }
