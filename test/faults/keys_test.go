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

// atOnce is how many rounds run at the same time.
const atOnce = 12

// keys is two servers over one Redis, each with a way to it that can be stalled.
type keys struct {
	t     *testing.T
	fleet *fleet.Fleet
	ways  []*proxy.Proxy
	next  atomic.Int64
}

// violation is the panic of a round that found one.
type violation string

// TestKeyedRequestsHaveOneEffect sends every keyed request of the contract again under its
// key, by another server, while its first attempt is under way, and after that one was
// cut off or its server killed: all answers are the same, and the effect is single.
// KEYED_ROUNDS says how often.
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

// batch is a round of every keyed request; false when one found a violation.
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

// wantNone reports the violations that the rounds have found, and ends the rounds.
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

// each does something for each round, some at a time. A violation is kept in its round.
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

// sendStalled sends it on a server whose way to Redis is stalled, cuts the connection, and
// sends it again on the other server before the way is free.
func (k *keys) sendStalled(rounds []*round) {
	k.ways[0].Stall()
	each(rounds, func(r *round) { r.sent = r.by.send(0, r.event, r.body) })
	var second sync.WaitGroup
	second.Go(func() { each(rounds, func(r *round) { r.settle(1) }) })
	time.Sleep(time.Duration(50+rand.N(300)) * time.Millisecond) // how long the way is stalled
	for _, r := range rounds {
		r.by.cut(0)
	}
	k.ways[0].Heal()
	second.Wait()
}

// sendKilled kills the server at some moment after the request was sent there.
func (k *keys) sendKilled(rounds []*round) {
	each(rounds, func(r *round) { _, _ = r.by.device(0) })
	for _, r := range rounds {
		r.sent = r.by.send(0, r.event, r.body)
	}
	time.Sleep(time.Duration(rand.N(40)) * time.Millisecond) // how far the attempts come
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

// round is one keyed request with users of its own.
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

// take keeps an answer that comes in time.
func (r *round) take(answers <-chan ack) {
	select {
	case a, ok := <-answers:
		if ok {
			r.answered(a)
		}
	case <-time.After(tryFor):
	}
}

// settle sends the request until its answer is certain.
func (r *round) settle(server int) { r.answered(r.by.settle(server, r.event, r.body)) }

func (r *round) answered(a ack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
}

// check asks both servers once more, and compares the answers and the effect.
func (r *round) check() {
	r.settle(1)
	r.settle(0)
	last := r.answers[len(r.answers)-1]
	for _, a := range r.answers {
		if a.OK && a.String() != last.String() || !a.OK && !a.Error.Retryable {
			r.fail("answers differ: %v", r.answers)
		}
	}
	if r.once.reader != nil {
		r.wants(r.once.event+" on "+r.once.from.Stream, r.once.count(r), 1)
	}
	if r.bounds != nil {
		r.bounds(last)
	}
}

// count reads how often the stream has the event since the place.
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
		r.fail("the stream %s cannot be read: %s", e.from.Stream, a)
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

// lobby is a new lobby of a host, and where it is.
func (r *round) lobby(host *user) (string, place) {
	made := host.must(0, "lobby:create", object{"type": "arena"})
	return made.text("lobby", "id"), made.place()
}

// chat is the channel of a new lobby of ann and bob, and where it is.
func (r *round) chat() (string, place) {
	lobby, _ := r.lobby(r.ann)
	r.bob.must(0, "lobby:join", object{"lobbyId": lobby})
	channel := "lobby:" + lobby
	r.bob.must(0, "chat:join", object{"channel": channel})
	first := r.ann.must(0, "chat:send", object{"channel": channel, "text": "first"})
	return channel, first.place()
}

// party is a new party of a leader, and where it is.
func (r *round) party(leader *user) (string, place) {
	made := leader.must(0, "party:create", object{})
	return made.text("party", "id"), made.place()
}

// own is where a user's own stream is.
func (r *round) own(u *user) place {
	a := u.must(0, "sync:resume", object{"streams": []object{{"stream": "user:" + u.name}}})
	var resumed struct{ Streams []place }
	if err := json.Unmarshal(a.Data, &resumed); err != nil || len(resumed.Streams) != 1 {
		r.fail("the own stream: %s", a)
	}
	return resumed.Streams[0]
}

// enqueue is the request for a match in which only this round's players are.
func (r *round) enqueue(queue string) object {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(r.name))
	return object{"queue": queue, "attributes": object{"round": float64(sum.Sum32() % 1_000_000_007)}}
}

// proposal has ann and bob matched, and is what ann is asked.
func (r *round) proposal() string {
	for _, u := range []*user{r.ann, r.bob} {
		u.must(0, "mm:enqueue", r.enqueue("asked"))
	}
	return r.ann.heard("mm:proposal", "proposalId")
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

// inOneLobby checks that a user is in the lobby of the answer, and may be in no other.
func (r *round) inOneLobby(u *user) func(ack) {
	return func(answer ack) {
		lobby := answer.text("lobby", "id")
		if members := u.must(1, "lobby:get", object{"lobbyId": lobby}); !strings.Contains(string(members.Data), `"`+u.name+`":{`) {
			r.fail("%s is not in the lobby of the answer: %s", u.name, members)
		}
		if more := u.settle(1, "lobby:create", object{"type": "arena"}); more.OK {
			r.fail("%s is in a second lobby: %s beside %s", u.name, more.text("lobby", "id"), lobby)
		}
	}
}

// inOneParty is that for parties.
func (r *round) inOneParty(u *user) func(ack) {
	return func(answer ack) {
		party := answer.text("party", "id")
		if in := u.must(1, "party:get", object{}).text("party", "id"); in != party {
			r.fail("%s is in the party %s, and not in that of the answer, %s", u.name, in, party)
		}
		if more := u.settle(1, "party:create", object{}); more.OK {
			r.fail("%s is in a second party", u.name)
		}
	}
}
