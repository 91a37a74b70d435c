package matchmaking

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// lives are random users, parties and queues on two servers whose store fails sometimes.
type lives struct {
	*world
	*rand.Rand
	queues []string
	// entered are the players of acknowledged tickets.
	entered map[string][]string
	calls   int
}

var livesUsers = []string{"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"}

func newLives(t *testing.T, seed uint64) *lives {
	casual, ranked, trio := duel(), checked(), checked()
	casual.TicketsPerUser, ranked.TicketsPerUser, trio.TicketsPerUser = 3, 2, 3
	ranked.ReadyCheck.Cooldown, trio.ReadyCheck.Cooldown = 0, 5*time.Second
	ranked.ReadyCheck.Requeue = EndOfQueue
	trio.Match.Teams[0].Max, trio.Match.Teams[1].Max = 2, 2
	trio.Match.PreferFullFor = 5 * time.Second
	w := newWorld(t, named(casual, "casual"), named(ranked, "ranked"), named(trio, "trio"))
	w.places = len(livesUsers)
	for _, users := range [][]string{{"u0", "u1"}, {"u2", "u3"}} {
		p := partyOf(users...)
		p.ID = "p-" + users[0]
		w.parties[p.ID] = p
	}
	return &lives{
		world: w, Rand: rand.New(rand.NewPCG(seed, 14)), queues: []string{"casual", "ranked", "trio"}, entered: map[string][]string{},
	}
}

// act performs one random action, which may be refused or fail.
func (l *lives) act() error {
	l.calls++
	user := livesUsers[l.IntN(len(livesUsers))]
	ctx, c, pod := l.Context(), call(user, fmt.Sprint("k", l.calls)), l.IntN(2)
	switch l.IntN(12) {
	case 0, 1, 2, 3:
		return l.join(pod, user)
	case 4:
		if all := l.tickets(user); len(all) > 0 {
			_, err := l.pods[pod].Cancel(ctx, c, &wire.MMCancel{TicketID: all[l.IntN(len(all))].ID})
			return err
		}
	case 5, 6:
		for _, id := range l.asked(user) {
			if _, err := l.pods[pod].Accept(ctx, c, &wire.MMAnswer{ProposalID: id}); err != nil {
				return err
			}
		}
	case 7:
		for _, id := range l.asked(user) {
			_, err := l.pods[pod].Decline(ctx, c, &wire.MMAnswer{ProposalID: id})
			return err
		}
	case 8:
		l.leaveParty(pod)
	default:
		l.advance(time.Duration(l.IntN(7000)) * time.Millisecond)
		return l.matchers[pod].Pass(ctx, l.queues[l.IntN(len(l.queues))])
	}
	return nil
}

// join enqueues a user in one to three queues, alone or with its party. The request may be
// repeated with the same key.
func (l *lives) join(pod int, user string) error {
	l.advance(time.Millisecond)
	req := &wire.MMEnqueue{Queues: slices.Clone(l.queues)}
	l.Shuffle(3, func(i, j int) { req.Queues[i], req.Queues[j] = req.Queues[j], req.Queues[i] })
	if req.Queues = req.Queues[:1+l.IntN(3)]; len(req.Queues) == 1 {
		req.Queue, req.Queues = req.Queues[0], nil
	}
	if p := "p-" + user; l.IntN(3) == 0 && l.parties[p].ID != "" {
		req.PartyID, req.Queue, req.Queues = p, "trio", nil
	}
	c := call(user, fmt.Sprint("e", l.calls))
	var err error
	for range 1 + l.IntN(2) {
		reply, failed := l.pods[pod].Enqueue(l.Context(), c, req)
		if err = failed; err == nil {
			ticket := reply.Data.(wire.MMTicketState).Ticket
			l.entered[ticket.ID] = ticket.Players
		}
		pod = 1 - pod
	}
	return err
}

// leaveParty removes a member of a party, or adds it again. The report may be lost with a
// server.
func (l *lives) leaveParty(pod int) {
	id, member := "p-u0", "u1"
	if l.IntN(2) == 0 {
		id, member = "p-u2", "u3"
	}
	p := partyOf(id[2:])
	if p.ID = id; len(l.parties[id].Members) == 1 {
		p = partyOf(id[2:], member)
		p.ID = id
	} else {
		p.Departed = []partyrules.Departure{{UserID: member}}
	}
	l.parties[id] = p
	if l.IntN(2) == 0 {
		l.pods[pod].service.PartyChanged(l.Context(), p)
	}
}

func (l *lives) tickets(user string) []wire.MMTicket {
	s, err := l.pods[0].service.Status(l.Context(), user)
	if err != nil {
		l.Fatal(err)
	}
	return s.Tickets
}

func (l *lives) asked(user string) (ids []string) {
	s, err := l.pods[0].service.Status(l.Context(), user)
	if err != nil {
		l.Fatal(err)
	}
	for _, p := range s.Proposals {
		ids = append(ids, p.ProposalID)
	}
	return ids
}

// trouble makes the store fail after a few steps, before or after a step takes effect.
func (l *lives) trouble() {
	l.records.set(nil)
	if l.IntN(3) > 0 {
		return
	}
	broken := []error{stream.ErrUnavailable, errAfter}[l.IntN(2)]
	var left atomic.Int64
	left.Store(int64(l.IntN(8)))
	l.records.set(func(records.Txn) error {
		if left.Add(-1) < 0 {
			return broken
		}
		return nil
	})
}

// distinct checks that no player is in two live proposals of any queue, or twice in one.
func (l *lives) distinct() {
	l.Helper()
	in := map[string]string{}
	for _, queue := range l.queues {
		records, err := l.records.All(l.Context(), records.Partition(queue), proposals)
		if err != nil {
			l.Fatal(err)
		}
		for _, record := range records {
			var r Proposal
			if err := decode(record.Value, &r); err != nil {
				l.Fatal(err)
			}
			for _, p := range r.players() {
				if r.Ended != nil {
					continue
				}
				if in[p.ID] != "" {
					l.Fatalf("%s is in round %s and in %s of %s", p.ID, in[p.ID], r.ID, queue)
				}
				in[p.ID] = r.ID + " of " + queue
			}
		}
	}
}

// end lets all tickets end and checks that nothing of them is left.
func (l *lives) end() {
	l.Helper()
	l.records.set(nil)
	for range 40 {
		l.advance(25 * time.Second)
		for pod := range l.matchers {
			for _, queue := range l.queues {
				if err := l.matchers[pod].Pass(l.Context(), queue); err != nil && !errors.Is(err, records.ErrFenced) {
					l.Fatal(err)
				}
			}
		}
		l.distinct()
	}
	for _, queue := range l.queues {
		for _, table := range []string{tickets, proposals, outbox} {
			if n, err := l.records.Count(l.Context(), records.Partition(queue), table); n != 0 || err != nil {
				l.Errorf("%d %s are left in %s, %v, want 0", n, table, queue, err)
			}
		}
	}
	held, err := l.records.All(l.Context(), claimsPartition, claims)
	if err != nil {
		l.Fatal(err)
	}
	for _, c := range held { // left by a matcher that died between the claim and the proposal
		found, err := l.pods[0].service.readClaims(l.Context(), []string{c.Key})
		if err != nil || len(found.live) > 0 {
			l.Errorf("claim of %s does not expire: %s, %v", c.Key, c.Value, err)
		}
	}
}

// pushed is the part of a push that the test reads.
type pushed struct {
	TicketID string
	Requeued bool
	Ticket   *wire.MMTicket
}

// legal checks the order of the pushes of each of a user's tickets, and returns the ended
// tickets.
func (l *lives) legal(user string) map[string]bool {
	l.Helper()
	caught, err := l.memory.CatchUp(l.Context(), userstream.StreamID(user), stream.Position{})
	if err != nil {
		l.Fatal(err)
	}
	ended, attempt, accepted := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, r := range caught.Records {
		var p struct {
			pushed
			ProposalID string
			Accepted   int
		}
		if err := json.Unmarshal(r.Data, &p); err != nil {
			l.Fatal(err)
		}
		if p.Ticket != nil { // mm:ticket follows the event of the same commit
			if id := p.Ticket.ID; p.Ticket.Attempt < attempt[id] {
				l.Errorf("%s: attempt %d of %s after %d", user, p.Ticket.Attempt, id, attempt[id])
			} else if p.Ticket.Attempt > attempt[id] {
				attempt[id] = p.Ticket.Attempt
			}
			continue
		}
		if ended[p.TicketID] {
			l.Errorf("%s: %s of %s after its end", user, r.Name, p.TicketID)
		}
		switch {
		case r.Name == wire.EventMMProposal && p.Accepted < accepted[p.ProposalID]:
			l.Errorf("%s: %d accepted after %d", user, p.Accepted, accepted[p.ProposalID])
		case r.Name == wire.EventMMProposal:
			accepted[p.ProposalID] = p.Accepted
		case r.Name == wire.EventMMMatched, r.Name == wire.EventMMCancelled && !p.Requeued:
			ended[p.TicketID] = true
		}
	}
	return ended
}

// Whatever users, parties and failing servers do, no player is in two proposals or matches
// at a time. The pushes of each ticket are in order, and every ticket ends with a push of
// its end.
func TestPlayersOfMatchesAreDistinct(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := newLives(t, seed)
			for range 120 {
				l.trouble()
				_ = l.act() // a refusal or a failure is allowed
				l.distinct()
			}
			l.end()
			ended := map[string]map[string]bool{}
			for _, user := range livesUsers {
				ended[user] = l.legal(user)
			}
			for id, players := range l.entered {
				for _, user := range players {
					if !ended[user][id] {
						t.Errorf("%s has no push of the end of %s", user, id)
					}
				}
			}
		})
	}
}

// A server dies between a party's change and its report. The matcher must cancel the ticket
// instead of matching it.
func TestUnreportedPartyChange(t *testing.T) {
	for name, opponent := range map[string]bool{"no other ticket": false, "a match is possible": true} {
		t.Run(name, func(t *testing.T) {
			q := duel()
			q.Match.Teams[0].Max = 2
			w := newWorld(t, q)
			w.parties["p"] = partyOf("ann", "bob")
			if _, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: "duel", PartyID: "p"}); err != nil {
				t.Fatal(err)
			}
			w.runPass(0, "duel")
			w.parties["p"] = partyOf("ann")
			if opponent {
				w.enqueue("cid", 1500)
			} else {
				w.advance(partyEvery)
			}
			w.runPass(0, "duel")
			w.wantPushes("ann", "cancelled: party_changed")
			w.wantPushes("bob", "cancelled: party_changed")
		})
	}
}
