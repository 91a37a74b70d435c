//go:build faults

package faults

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/test/audit/proxy"
	"github.com/anteroom/anteroom/test/fleet"
	"github.com/anteroom/anteroom/test/redistest"
	"github.com/anteroom/anteroom/test/siotest"
)

// atOnce is the number of concurrent rounds.
const atOnce = 12

// keys is a pair of servers over one Redis, each with a proxy to Redis that can be
// stalled.
type keys struct {
	t     *testing.T
	fleet *fleet.Fleet
	ways  []*proxy.Proxy
	next  atomic.Int64
}

// violation is the panic of a round that found a violation.
type violation string

// TestKeyedRequestsHaveOneEffect repeats every keyed request of the contract under its
// key on another server. The repeat comes during the first try, after a cut of its
// connection, or after its server was killed. All answers must be the same, with a single
// effect. KEYED_ROUNDS is the number of repetitions.
func TestKeyedRequestsHaveOneEffect(t *testing.T) {
	wantEveryKeyedRequest(t)
	k := startKeys(t)
	rounds := 2
	if text := os.Getenv("KEYED_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []struct {
		name string
		send func(k *keys, rounds []*round)
	}{{"at once", (*keys).sendAtOnce}, {"stalled and cut", (*keys).sendStalled}, {"killed", (*keys).sendKilled}} {
		t.Run(v.name, func(t *testing.T) {
			for range rounds {
				if !k.batch(t, v.send) {
					return
				}
			}
		})
	}
}

func startKeys(t *testing.T) *keys {
	t.Helper()
	redis := redistest.Start(t)
	k := &keys{t: t}
	for range 2 {
		way, err := proxy.Listen(redis.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(way.Close)
		k.ways = append(k.ways, way)
	}
	k.start(func(i int) configv1.Redis {
		return configv1.Redis{Topology: configv1.RedisStandalone, Addresses: []string{k.ways[i].Addr()}}
	})
	return k
}

// start starts the two servers.
func (k *keys) start(redis func(server int) configv1.Redis) {
	k.t.Helper()
	k.fleet = fleet.Start(k.t, fleet.Options{
		Manifest: filepath.Join("testdata", "keys.yaml"), Servers: 2, Race: true, Redis: redis,
	})
}

// wantEveryKeyedRequest compares the rows with the contract.
func wantEveryKeyedRequest(t *testing.T) {
	t.Helper()
	var schema struct {
		Defs map[string]struct {
			Ref        string         `json:"$ref"`
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(contract.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var keyed []string
	for name, def := range schema.Defs {
		event, is := strings.CutSuffix(name, ".request")
		if _, has := schema.Defs[strings.TrimPrefix(def.Ref, "#/$defs/")].Properties["key"]; is && has {
			keyed = append(keyed, event)
		}
	}
	slices.Sort(keyed)
	if have := slices.Sorted(maps.Keys(rows)); !slices.Equal(have, keyed) {
		t.Fatalf("rows for %v,\nkeyed requests are %v", have, keyed)
	}
}

// batch runs a round of every keyed request; it returns false when a round found a
// violation.
func (k *keys) batch(t *testing.T, send func(*keys, []*round)) bool {
	t.Helper()
	var all []*round
	for _, event := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, k.round(event))
	}
	each(all, (*round).prepare)
	send(k, slices.DeleteFunc(slices.Clone(all), func(r *round) bool { return r.found != "" }))
	each(all, (*round).check)
	return wantNone(t, all)
}

// wantNone reports the violations of the rounds, and ends the rounds.
func wantNone(t *testing.T, rounds []*round) (fine bool) {
	t.Helper()
	fine = true
	for _, r := range rounds {
		r.close()
		if r.found != "" {
			t.Errorf("%s (%s): %s", r.event, r.name, r.found)
			fine = false
		}
	}
	return fine
}

// each runs a function for each round, a few at a time. It keeps a violation in its
// round.
func each(rounds []*round, do func(*round)) {
	var wg sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for _, r := range rounds {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			defer func() {
				if p := recover(); p != nil {
					r.found = p.(violation)
				}
			}()
			if r.found == "" {
				do(r)
			}
		})
	}
	wg.Wait()
}

// sendAtOnce sends the request on both servers at the same time.
func (k *keys) sendAtOnce(rounds []*round) {
	each(rounds, func(r *round) {
		first, second := r.by.send(0, r.event, r.body), r.by.send(1, r.event, r.body)
		r.take(first)
		r.take(second)
	})
}

// sendStalled sends the request on a server with a stalled proxy to Redis, cuts the
// connection, and sends the request on the other server before the stall ends.
func (k *keys) sendStalled(rounds []*round) {
	k.ways[0].Stall()
	each(rounds, func(r *round) { r.sent = r.by.send(0, r.event, r.body) })
	var second sync.WaitGroup
	second.Go(func() { each(rounds, func(r *round) { r.settle(1) }) })
	time.Sleep(time.Duration(50+rand.N(300)) * time.Millisecond) // how long the proxy is stalled
	for _, r := range rounds {
		r.by.cut(0)
	}
	k.ways[0].Heal()
	second.Wait()
}

// sendKilled kills the server at a random moment after the request.
func (k *keys) sendKilled(rounds []*round) {
	each(rounds, func(r *round) { _, _ = r.by.device(0) })
	for _, r := range rounds {
		r.sent = r.by.send(0, r.event, r.body)
	}
	time.Sleep(time.Duration(rand.N(40)) * time.Millisecond) // how far the tries progress
	k.fleet.Servers[0].Kill()
	for _, r := range rounds {
		select {
		case a, ok := <-r.sent:
			if ok {
				r.answered(a)
			}
		default:
		}
		r.by.cut(0)
	}
	each(rounds, func(r *round) { r.settle(1) })
	k.fleet.Servers[0].Start()
	k.fleet.AwaitReady(patience)
}

// round is a keyed request with separate users.
type round struct {
	keys               *keys
	event, name        string
	ann, bob, cid, dan *user
	request
	sent    <-chan ack
	mu      sync.Mutex
	answers []ack
	found   violation
}

func (k *keys) round(event string) *round {
	r := &round{keys: k, event: event, name: fmt.Sprintf("r%d", k.next.Add(1))}
	for name, u := range map[string]**user{"ann": &r.ann, "bob": &r.bob, "cid": &r.cid, "dan": &r.dan} {
		*u = &user{keys: k, name: name + "-" + r.name, devices: make(map[int]*siotest.Raw)}
	}
	return r
}

func (r *round) close() {
	for _, u := range []*user{r.ann, r.bob, r.cid, r.dan} {
		u.close()
	}
}

func (r *round) fail(format string, args ...any) { panic(violation(fmt.Sprintf(format, args...))) }

func (r *round) wants(what string, got, want int) {
	if got != want {
		r.fail("%s: %d, want %d; the answers are %v", what, got, want, r.answers)
	}
}

func (r *round) prepare() {
	r.request = rows[r.event](r)
	r.body["key"] = "k-" + r.name
	for server := range 2 {
		if _, err := r.by.device(server); err != nil {
			r.fail("connect: %v", err)
		}
	}
}

// take keeps an answer that arrives in time.
func (r *round) take(answers <-chan ack) {
	select {
	case a, ok := <-answers:
		if ok {
			r.answered(a)
		}
	case <-time.After(tryFor):
	}
}

// settle repeats the request until its answer is definite.
func (r *round) settle(server int) { r.answered(r.by.settle(server, r.event, r.body)) }

func (r *round) answered(a ack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
}

// check repeats the request on both servers, and compares the answers and the effect.
func (r *round) check() {
	r.settle(1)
	r.settle(0)
	last := r.answers[len(r.answers)-1]
	for _, a := range r.answers {
		if a.OK && a.String() != last.String() || !a.OK && !a.Error.Retryable {
			r.fail("got different answers: %v", r.answers)
		}
	}
	if r.once.reader != nil {
		r.wants(r.once.event+" on "+r.once.from.Stream, r.once.count(r), 1)
	}
	if r.bounds != nil {
		r.bounds(last)
	}
}

// count returns how often the stream has the event since the position.
func (e effect) count(r *round) int {
	a := e.reader.must(1, "sync:resume", object{"streams": []place{e.from}})
	var resumed struct {
		Streams []struct {
			Recovered bool
			Events    []struct {
				Event string
				Data  json.RawMessage
			}
			Error any
		}
	}
	if err := json.Unmarshal(a.Data, &resumed); err != nil || len(resumed.Streams) != 1 || !resumed.Streams[0].Recovered {
		r.fail("read the stream %s: %s", e.from.Stream, a)
	}
	n := 0
	for _, got := range resumed.Streams[0].Events {
		matches := got.Event == e.event
		for _, text := range e.has {
			matches = matches && strings.Contains(string(got.Data), text)
		}
		if matches {
			n++
		}
	}
	return n
}

// lobby creates a lobby of a host, and returns its position.
func (r *round) lobby(host *user) (string, place) {
	made := host.must(0, "lobby:create", object{"type": "arena"})
	return made.text("lobby", "id"), made.place()
}

// chat creates a lobby of ann and bob, and returns its channel and position.
func (r *round) chat() (string, place) {
	lobby, _ := r.lobby(r.ann)
	r.bob.must(0, "lobby:join", object{"lobbyId": lobby})
	channel := "lobby:" + lobby
	r.bob.must(0, "chat:join", object{"channel": channel})
	first := r.ann.must(0, "chat:send", object{"channel": channel, "text": "first"})
	return channel, first.place()
}

// party creates a party of a leader, and returns its position.
func (r *round) party(leader *user) (string, place) {
	made := leader.must(0, "party:create", object{})
	return made.text("party", "id"), made.place()
}

// own returns the position of a user's own stream.
func (r *round) own(u *user) place {
	a := u.must(0, "sync:resume", object{"streams": []object{{"stream": "user:" + u.name}}})
	var resumed struct{ Streams []place }
	if err := json.Unmarshal(a.Data, &resumed); err != nil || len(resumed.Streams) != 1 {
		r.fail("read the own stream: %s", a)
	}
	return resumed.Streams[0]
}

// enqueue returns the request for a match among this round's players only.
func (r *round) enqueue(queue string) object {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(r.name))
	return object{"queue": queue, "attributes": object{"round": float64(sum.Sum32() % 1_000_000_007)}}
}

// proposal matches ann and bob, and returns ann's proposal.
func (r *round) proposal() string {
	for _, u := range []*user{r.ann, r.bob} {
		u.must(0, "mm:enqueue", r.enqueue("asked"))
	}
	return r.ann.pushed("mm:proposal", "proposalId")
}

// note waits for a notification of a user.
func (r *round) note(u *user) string {
	for deadline := time.Now().Add(settleFor); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var page struct{ Notifications []struct{ ID string } }
		a := u.must(0, "notify:list", object{"limit": 1})
		if json.Unmarshal(a.Data, &page) == nil && len(page.Notifications) == 1 {
			return page.Notifications[0].ID
		}
	}
	r.fail("%s got no notification", u.name)
	return ""
}

// inOneLobby checks that a user is in the lobby of the answer, and in no other lobby.
func (r *round) inOneLobby(u *user) func(ack) {
	return func(answer ack) {
		lobby := answer.text("lobby", "id")
		if members := u.must(1, "lobby:get", object{"lobbyId": lobby}); !strings.Contains(string(members.Data), `"`+u.name+`":{`) {
			r.fail("%s: got members %s, want the user in the lobby of the answer", u.name, members)
		}
		if more := u.settle(1, "lobby:create", object{"type": "arena"}); more.OK {
			r.fail("%s: got a second lobby %s, want only %s", u.name, more.text("lobby", "id"), lobby)
		}
	}
}

// inOneParty is the same for parties.
func (r *round) inOneParty(u *user) func(ack) {
	return func(answer ack) {
		party := answer.text("party", "id")
		if in := u.must(1, "party:get", object{}).text("party", "id"); in != party {
			r.fail("%s: got party %s, want %s of the answer", u.name, in, party)
		}
		if more := u.settle(1, "party:create", object{}); more.OK {
			r.fail("%s: got a second party, want one", u.name)
		}
	}
}
