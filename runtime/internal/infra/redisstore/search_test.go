package redisstore_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/lobbytest"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// stocked is a lobby in the test's own list.
type stocked struct {
	name, place string
	skill       float64
	ranked      bool
}

// stock fills the index with lobbies with random attributes.
func (a *arena) stock(random *rand.Rand, lobbies int) []stocked {
	a.Helper()
	places := []string{"dust", "ice", "Ice", "", "é", "日本", "ice2", "z"}
	all := make([]stocked, lobbies)
	for i := range all {
		all[i] = stocked{
			name: fmt.Sprintf("%05d", i), place: places[random.IntN(len(places))],
			skill: float64(random.IntN(400))/2 - 100, ranked: random.IntN(3) == 0,
		}
	}
	var stocking sync.WaitGroup
	for part := range 16 {
		stocking.Go(func() {
			for i := part; i < lobbies; i += 16 {
				l, _, err := lobbyrules.Create(a.policy, lobbyrules.CreateCommand{
					ID: ulid.Make().String(), Host: lobbyrules.Actor{ID: fmt.Sprint("u", i)}, Name: all[i].name,
					Attributes: wire.Attributes{"map": all[i].place, "skill": all[i].skill, "ranked": all[i].ranked},
				}, time.UnixMilli(int64(1_700_000_000_000+i)))
				if err == nil {
					err = lobbytest.Enlist(a.Context(), a.client.Store(), a.client.Lobbies(), l)
				}
				if err != nil {
					a.Error(err)
					return
				}
			}
		})
	}
	stocking.Wait()
	return all
}

// question is a random search and its predicate.
type question struct {
	wire.LobbySearch
	holds func(stocked) bool
	order func(a, b stocked) int
}

func ask(random *rand.Rand) question {
	q := question{holds: func(stocked) bool { return true }, order: func(a, b stocked) int { return cmp.Compare(b.name, a.name) }}
	q.Filter = map[string]wire.LobbyFilter{}
	filter := func(field string, f wire.LobbyFilter, holds func(stocked) bool) {
		if random.IntN(2) == 0 {
			return
		}
		before := q.holds
		q.Filter[field] = f
		q.holds = func(s stocked) bool { return before(s) && holds(s) }
	}
	low := float64(random.IntN(400))/2 - 100
	high := low + float64(random.IntN(200))
	place := []string{"dust", "ice", "Ice", "", "é", "日本", "none"}[random.IntN(7)]
	filter("attributes.skill", wire.LobbyFilter{Gte: low, Lt: high}, func(s stocked) bool { return s.skill >= low && s.skill < high })
	filter("attributes.ranked", wire.LobbyFilter{Eq: true}, func(s stocked) bool { return s.ranked })
	filter("players", wire.LobbyFilter{Lte: 1.0}, func(stocked) bool { return true })
	switch random.IntN(4) {
	case 0:
		filter("attributes.map", wire.LobbyFilter{Ne: place}, func(s stocked) bool { return s.place != place })
	case 1:
		filter("attributes.map", wire.LobbyFilter{Gt: place}, func(s stocked) bool { return s.place > place })
	case 2:
		filter("attributes.map", wire.LobbyFilter{Lte: place}, func(s stocked) bool { return s.place <= place })
	default:
		filter("attributes.map", wire.LobbyFilter{In: []any{place, "z"}}, func(s stocked) bool { return s.place == place || s.place == "z" })
	}
	if random.IntN(2) == 0 {
		q.Sort = "attributes.skill"
		q.order = func(a, b stocked) int { return cmp.Compare(a.skill, b.skill) }
	}
	return q
}

// A random search must find exactly the lobbies that match its filters, once and in order,
// whichever way the index is walked.
func TestSearchAgainstAllLobbies(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed ", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test's
	a := newArena(t, standalone(redistest.Start(t)))
	a.policy.Search.MaxResults = 40
	all := a.stock(random, 800)
	byName := map[string]stocked{}
	for _, s := range all {
		byName[s.name] = s
	}
	for range 30 {
		q := ask(random)
		want := []string{}
		for _, s := range all {
			if q.holds(s) {
				want = append(want, s.name)
			}
		}
		found := a.find(q.LobbySearch)
		if !slices.IsSortedFunc(found, func(x, y string) int { return q.order(byName[x], byName[y]) }) {
			t.Errorf("%+v: not in order: %v", q.LobbySearch, found)
		}
		slices.Sort(found)
		if d := gocmp.Diff(want, found); d != "" {
			t.Fatalf("%+v (-want +got):\n%s", q.LobbySearch, d)
		}
	}
}

// Headers of an earlier version had no mark at their end.
func TestSearchReadsHeadersOfAnEarlierVersion(t *testing.T) {
	server := redistest.Start(t)
	a := newArena(t, standalone(server))
	l := a.create("ann", "one", wire.Attributes{"map": "dust"})
	header := server.MustDo("HGET", a.base+"k", l.ID)
	server.MustDo("HSET", a.base+"k", l.ID, header[:len(header)-1])
	for _, field := range []string{"status", "name"} { // the last one and another
		filter := map[string]wire.LobbyFilter{field: {Eq: map[string]string{"status": "open", "name": "one"}[field]}}
		if found := a.find(wire.LobbySearch{Filter: filter}); len(found) != 1 {
			t.Errorf("by %s: found %v, want 1 lobby", field, found)
		}
	}
}
