package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/records/recordstest"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

var t0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// duel is a queue of one against one by skill.
func duel() Queue {
	zero := "1500"
	return Queue{
		Name: "duel",
		Match: matching.Queue{
			Teams: []matching.Team{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}}, MixSizes: true,
			Rules: []matching.Rule{{
				Name: "skill", Type: matching.Distance, Attribute: "skill", Value: 100, Required: true,
				Expand: []matching.Step{{After: 10 * time.Second, Value: 500}},
			}},
		},
		Attributes: []Attribute{{Name: "skill", Type: Number, Default: &zero}},
		Interval:   time.Second, TicketTTL: 10 * time.Minute,
		ReadyCheck: ReadyCheck{Timeout: 20 * time.Second, Cooldown: 30 * time.Second, Requeue: KeepPosition},
		Handoff:    Handoff{LobbyType: "match", Timeout: 15 * time.Second},
		Estimate:   true, Population: PopulationNone, TicketsPerUser: 1, MaxTickets: 100,
	}
}

// checked is a duel with a ready check.
func checked() Queue {
	q := duel()
	q.ReadyCheck.Enabled = true
	return q
}

// world is a cluster of two pods on in-memory stores, with its own clock.
type world struct {
	testing.TB
	memory   *streamtest.Memory
	records  *brittleRecords
	pods     [2]*Handlers
	matchers [2]*Matcher

	mu     sync.Mutex
	now    time.Time
	queues map[string]Queue
	// made counts the hand-offs by proposal; lobbies are their lobbies. broken makes every
	// hand-off fail.
	made   map[string]int
	rooms  map[string]*MatchLobby
	broken bool
	// unplaced are the users that the hand-off refuses.
	unplaced []string
	// places is the number of players of a lobby, at least one for each team.
	places int
	// slow, when not nil, delays the hand-off of a proposal until the channel is closed.
	slow   func(Proposal) <-chan struct{}
	tokens map[string]string
	casts  []string
	// notified counts the notifications of a match by outbox message and user; deaf makes
	// them fail.
	notified map[[2]string]int
	deaf     bool
	// searching are the tickets of searching users; beforeSearch runs before the report.
	searching    map[string]string
	beforeSearch func()
	parties      map[string]partyrules.Party
}

// brittleRecords fails at chosen steps.
type brittleRecords struct {
	*recordstest.Memory
	mu   sync.Mutex
	fail func(records.Txn) error
}

func (l *brittleRecords) set(fail func(records.Txn) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = fail
}

// before runs a function before the next step, once.
func (l *brittleRecords) before(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fail := l.fail
	l.fail = func(s records.Txn) error {
		l.set(fail)
		do()
		if fail == nil {
			return nil
		}
		return fail(s)
	}
}

// Apply fails before the step when fail returns an error, or after the step when that error
// wraps errAfter.
func (l *brittleRecords) Apply(ctx context.Context, b records.Partition, s records.Txn) error {
	l.mu.Lock()
	fail := l.fail
	l.mu.Unlock()
	var broken error
	if fail != nil {
		broken = fail(s)
	}
	if broken != nil && !errors.Is(broken, errAfter) {
		return broken
	}
	return errors.Join(l.Memory.Apply(ctx, b, s), broken)
}

var errAfter = fmt.Errorf("reply lost: %w", stream.ErrUnavailable)

func newWorld(t testing.TB, queues ...Queue) *world {
	w := &world{TB: t, now: t0, queues: map[string]Queue{}, made: map[string]int{}, rooms: map[string]*MatchLobby{}, notified: map[[2]string]int{}, searching: map[string]string{}, parties: map[string]partyrules.Party{}}
	w.memory = streamtest.New(streamtest.WithClock(w.clock))
	w.records = &brittleRecords{Memory: recordstest.New(w.clock)}
	for _, q := range queues {
		w.queues[q.Name] = q
	}
	for i := range w.pods {
		s := NewService(Ports{
			Records: w.records, Store: w.memory, Caster: w, Events: w, Names: w.memory, Sets: w.memory, Queues: w, Parties: w, Handoffs: w,
		}, Settings{
			Pod: fmt.Sprint("pod-", i), HistorySize: 10_000, HistoryTTL: time.Hour, IdempotencyTTL: 5 * time.Minute, Now: w.clock,
		})
		w.pods[i], w.matchers[i] = NewHandlers(s), NewMatcher(s)
		w.matchers[i].handoffWait = time.Hour // tests wait for all hand-offs of an pass
	}
	return w
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Queue, Queues, Member and Place implement the service's ports.
func (w *world) Queue(name string) (Queue, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, known := w.queues[name]
	return q, known
}

func (w *world) Queues() []Queue {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Queue
	for _, q := range w.queues {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b Queue) int { return cmpText(a.Name, b.Name) })
	return all
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (w *world) Member(_ context.Context, partyID, userID string) (partyrules.Party, error) {
	p, known := w.parties[partyID]
	if !known || !p.Has(userID) {
		return partyrules.Party{}, wire.Refuse(wire.CodeNotFound, "there is no such party")
	}
	return p, nil
}

func (w *world) Place(ctx context.Context, _ Queue, r Proposal) (Place, error) {
	if w.slow != nil {
		select {
		case <-w.slow(r):
		case <-ctx.Done():
			return Place{}, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return Place{}, stream.ErrUnavailable
	}
	if len(w.unplaced) > 0 {
		return Place{}, &UnplacedError{Users: w.unplaced}
	}
	id := "lobby-of-" + r.ID
	if r.Backfill != "" {
		id = r.Backfill
	}
	place := Place{MMHandoff: wire.MMHandoff{Type: "lobby", LobbyID: id}, Tokens: w.tokens}
	room := w.rooms[id]
	if room == nil && r.Backfill != "" {
		return Place{}, wire.Refuse(wire.CodeNotFound, "there is no such lobby")
	}
	w.made[r.ID]++
	if w.made[r.ID] > 1 {
		return place, nil
	}
	if room == nil {
		room = &MatchLobby{LobbyID: id, Queue: r.Queue, Match: r.ID, Region: r.Region, Players: map[string]LobbyPlayer{}, Left: max(len(r.Teams), w.places)}
		w.rooms[id] = room
	}
	return place, room.bring(r)
}

// bring adds the players of a proposal to a lobby for two teams of one.
func (r *MatchLobby) bring(round Proposal) error {
	if len(round.players()) > r.Left {
		return wire.Precondition(wire.ReasonLobbyFull, "the lobby is full")
	}
	for i, side := range round.Teams {
		for _, player := range side.Players {
			profile := round.Profiles[player.Ticket]
			r.Players[player.ID] = LobbyPlayer{Team: i, Profile: &profile}
			r.Left--
			if r.HostID == "" {
				r.HostID = player.ID
			}
		}
	}
	return nil
}

// Lobby returns a lobby, to the matcher or to a member.
func (w *world) Lobby(_ context.Context, lobbyID, userID string) (MatchLobby, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	room := w.rooms[lobbyID]
	if room == nil {
		return MatchLobby{}, wire.Refuse(wire.CodeNotFound, "there is no such lobby")
	}
	if _, in := room.Players[userID]; !in && userID != "" {
		return MatchLobby{}, wire.Refuse(wire.CodeNotFound, "there is no such lobby")
	}
	now := *room
	now.Players = maps.Clone(room.Players)
	return now, nil
}

// quit removes a player from all lobbies. An empty lobby is closed.
func (w *world) quit(user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, room := range w.rooms {
		if _, in := room.Players[user]; !in {
			continue
		}
		delete(room.Players, user)
		room.Left++
		room.HostID = ""
		for _, other := range slices.Sorted(maps.Keys(room.Players)) {
			room.HostID = other
		}
		if len(room.Players) == 0 {
			delete(w.rooms, id)
		}
	}
}

func (w *world) Matched(_ context.Context, id string, users []string, _ wire.MMMatched) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return stream.ErrUnavailable
	}
	for _, user := range users {
		w.notified[[2]string{id, user}]++
	}
	return nil
}

// Cast records cast events.
func (w *world) Cast(_ context.Context, id stream.ID, e stream.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.casts = append(w.casts, string(id)+" "+e.Name)
	return nil
}

func (w *world) Searching(_ context.Context, ticketID string, userIDs []string, searching bool) error {
	if w.beforeSearch != nil {
		w.beforeSearch()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return stream.ErrUnavailable
	}
	for _, user := range userIDs {
		if searching {
			w.searching[user] = ticketID
		} else if w.searching[user] == ticketID {
			delete(w.searching, user)
		}
	}
	return nil
}

// setQueue changes a queue, or removes it.
func (w *world) setQueue(name string, q *Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if q == nil {
		delete(w.queues, name)
		return
	}
	w.queues[name] = *q
}

// runPass runs one pass of a pod's matcher.
func (w *world) runPass(pod int, queue string) {
	w.Helper()
	if err := w.matchers[pod].Pass(w.Context(), queue); err != nil {
		w.Fatalf("tick: %v", err)
	}
}

func call(user, key string) request.Call {
	return request.Call{Caller: request.Caller{User: request.User{ID: user, Name: "Name " + user}, SessionID: user + "-1"}, Key: key}
}

// enqueue enqueues a user, a millisecond after earlier requests.
func (w *world) enqueue(user string, skill float64) wire.MMTicket {
	w.Helper()
	w.advance(time.Millisecond)
	reply, err := w.ask(user, skill)
	if err != nil {
		w.Fatalf("enqueue %s: %v", user, err)
	}
	return reply.Data.(wire.MMTicketState).Ticket
}

func (w *world) ask(user string, skill float64) (request.Reply, error) {
	for _, q := range w.Queues() {
		return w.pods[0].Enqueue(w.Context(), call(user, ""), &wire.MMEnqueue{Queue: q.Name, Attributes: map[string]any{"skill": skill}})
	}
	return request.Reply{}, errors.New("there is no queue")
}

func (w *world) status(user string) wire.MMStatusList {
	w.Helper()
	reply, err := w.pods[1].Status(w.Context(), call(user, ""), &wire.MMStatus{})
	if err != nil {
		w.Fatal(err)
	}
	return reply.Data.(wire.MMStatusList)
}

// pushes returns the pushes to a user as text, without mm:ticket.
func (w *world) pushes(user string) []string {
	w.Helper()
	return slices.DeleteFunc(w.castsTo(user), func(text string) bool { return strings.HasPrefix(text, ticketText) })
}

// ticketStates returns the states of a user's tickets in the order of the pushes.
func (w *world) ticketStates(user string) (states []string) {
	w.Helper()
	for _, text := range w.castsTo(user) {
		if state, is := strings.CutPrefix(text, ticketText); is {
			states = append(states, state)
		}
	}
	return states
}

// castsTo returns all pushes to a user as text.
func (w *world) castsTo(user string) []string {
	w.Helper()
	caught, err := w.memory.CatchUp(w.Context(), userstream.StreamID(user), stream.Position{})
	if err != nil {
		w.Fatal(err)
	}
	var all []string
	for _, r := range caught.Records {
		all = append(all, text(w, r))
	}
	return all
}

// ticketText is the prefix of the text of mm:ticket.
const ticketText = "ticket "

func text(t testing.TB, r stream.Record) string {
	read := func(into any) {
		if err := json.Unmarshal(r.Data, into); err != nil {
			t.Fatal(err)
		}
	}
	switch r.Name {
	case wire.EventMMProposal:
		var p wire.MMProposal
		read(&p)
		return fmt.Sprintf("proposal %d/%d", p.Accepted, p.Players)
	case wire.EventMMMatched:
		var m wire.MMMatched
		read(&m)
		out := strings.TrimSpace(fmt.Sprintf("matched %v %v %s", m.Teams, m.Handoff.Type, m.Handoff.Token))
		if m.Backfill {
			out += ", running"
		}
		return out
	case wire.EventMMTicket:
		var p wire.MMTicketPush
		read(&p)
		return strings.TrimSuffix(fmt.Sprintf("%s%s, attempt %d", ticketText, p.Ticket.State, p.Ticket.Attempt), ", attempt 0")
	case wire.EventMMCancelled:
		var c wire.MMCancelled
		read(&c)
		out := "cancelled: " + c.Reason
		if c.Requeued {
			out += ", requeued"
		}
		if c.CooldownUntil > 0 {
			out += ", cooldown"
		}
		return out
	}
	return r.Name
}

func (w *world) wantPushes(user string, want ...string) {
	w.Helper()
	if d := cmp.Diff(want, w.pushes(user)); d != "" {
		w.Errorf("pushes to %s (-want +got):\n%s", user, d)
	}
}

func (w *world) wantTicketStates(user string, want ...string) {
	w.Helper()
	if d := cmp.Diff(want, w.ticketStates(user)); d != "" {
		w.Errorf("ticket states pushed to %s (-want +got):\n%s", user, d)
	}
}

func wantRefusal(t testing.TB, err error, want *wire.Error) {
	t.Helper()
	var got *wire.Error
	if errors.As(err, &got) {
		bare := *got
		bare.Message, bare.RetryAfterMs = "", 0
		got = &bare
	} else if err != nil {
		t.Fatalf("not a refusal: %v", err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("refusal of %v (-want +got):\n%s", err, d)
	}
}

// count returns the number of records of a table of the first queue's partition.
func (w *world) count(table string) int {
	w.Helper()
	n, err := w.records.Count(w.Context(), "duel", table)
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// dieAfter makes the records fail after some steps. The next step still has its effect.
func (w *world) dieAfter(steps int) {
	var made atomic.Int64
	w.records.set(func(records.Txn) error {
		switch step := int(made.Add(1)); {
		case step == steps+1:
			return errAfter
		case step > steps+1:
			return stream.ErrUnavailable
		}
		return nil
	})
}
