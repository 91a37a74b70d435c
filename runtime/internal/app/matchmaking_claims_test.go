package app

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// pairs are queues of one against one, by name.
type pairs []string

func (p pairs) Queue(name string) (matchmaking.Queue, bool) {
	for _, q := range p.Queues() {
		if q.Name == name {
			return q, true
		}
	}
	return matchmaking.Queue{}, false
}

func (p pairs) Queues() (all []matchmaking.Queue) {
	for _, name := range p {
		all = append(all, matchmaking.Queue{
			Name:     name,
			Match:    matching.Queue{Teams: []matching.Team{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}}, MixSizes: true},
			Interval: 100 * time.Millisecond, TicketTTL: 10 * time.Minute,
			Handoff:        matchmaking.Handoff{URL: "x", Timeout: 15 * time.Second},
			TicketsPerUser: 1, MaxTickets: 1000,
		})
	}
	return all
}

// TestOneMatchAUserOverTwoMatchers has users in two queues at once, by two tickets or by one,
// whose matchers are on different servers over one Redis. Each user is matched once, and
// every ticket has an end.
func TestOneMatchAUserOverTwoMatchers(t *testing.T) {
	const players = 60
	redis := redistest.Start(t)
	queues := pairs{"duel", "ranked"}
	var services []*matchmaking.Service
	var store stream.Store
	for pod := range queues {
		client, err := redisstore.Open(t.Context(), redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{redis.Addr()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		store = client.Store()
		services = append(services, matchmaking.NewService(matchmaking.Ports{
			Records: client.Records(matchmaking.TicketsTable), Store: client.Store(), Caster: client.Store(), Names: client.Names(),
			Sets: client.Sets(), Queues: queues, Handoffs: answering{},
		}, matchmaking.Settings{
			Pod: fmt.Sprint("pod-", pod), HistorySize: 100, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute,
		}))
	}
	tickets := map[string][]string{} // by user
	for i := range players {
		user := fmt.Sprint("user-", i)
		requests := []*wire.MMEnqueue{{Queue: "duel"}, {Queue: "ranked"}}
		if i%3 == 0 {
			requests = []*wire.MMEnqueue{{Queues: []string{"ranked", "duel"}}}
		}
		for _, req := range requests {
			c := request.Call{Caller: request.Caller{User: request.User{ID: user}, SessionID: user}}
			ticket, err := services[i%2].Enqueue(t.Context(), c, req)
			if err != nil {
				t.Fatal(err)
			}
			tickets[user] = append(tickets[user], ticket.ID)
		}
	}
	matchers := []*matchmaking.Matcher{matchmaking.NewMatcher(services[0]), matchmaking.NewMatcher(services[1])}
	deadline := time.Now().Add(20 * time.Second)
	for {
		// Both matchers have a queue each, and their intervals are at the same time.
		failed := make(chan error, 1)
		go func() { failed <- matchers[0].Pass(t.Context(), queues[0]) }()
		if err := matchers[1].Pass(t.Context(), queues[1]); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
		all := true
		for user, ids := range tickets {
			all = all && len(ticketEnds(t.Context(), t, store, user)) == len(ids)
		}
		if all {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("some tickets have no end")
		}
	}
	for user, ids := range tickets {
		matched := 0
		got := ticketEnds(t.Context(), t, store, user)
		for _, id := range ids {
			if got[id] == "matched" {
				matched++
			} else if got[id] != "matched_elsewhere" {
				t.Errorf("the ticket %s of %s ended with %q", id, user, got[id])
			}
		}
		if matched != 1 {
			t.Errorf("%s is in %d matches: %v", user, matched, got)
		}
	}
}

// ticketEnds is how a user's tickets ended, by ticket: matched, or the reason.
func ticketEnds(ctx context.Context, t *testing.T, store stream.Store, user string) map[string]string {
	t.Helper()
	caught, err := store.CatchUp(ctx, userstream.StreamID(user), stream.Position{})
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string, len(caught.Records))
	for _, r := range caught.Records {
		var p struct {
			TicketID, Reason string
			Requeued         bool
		}
		if err := json.Unmarshal(r.Data, &p); err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Name != wire.EventMMMatched && (r.Name != wire.EventMMCancelled || p.Requeued):
			continue
		case all[p.TicketID] != "":
			t.Errorf("%s has news of %s after its end: %s", user, p.TicketID, r.Name)
		case r.Name == wire.EventMMMatched:
			all[p.TicketID] = "matched"
		default:
			all[p.TicketID] = p.Reason
		}
	}
	return all
}
