package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/ledger"
	"github.com/anteroom/anteroom/runtime/internal/names"
	"github.com/anteroom/anteroom/runtime/internal/party"
	"github.com/anteroom/anteroom/runtime/internal/stays"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/usertell"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Followed is the table whose changes a matcher follows.
const Followed = "tickets"

// The tables of a queue's book.
const (
	tickets   = Followed    // Ticket by id
	rounds    = "rounds"    // Round by id
	backfills = "backfills" // Backfill by the id of the lobby
	users     = "users"     // entries by user id: who is in which ticket, who has to wait
	outbox    = "outbox"    // letter by id
	stats     = "stats"     // one Stats
)

// The spaces of names that matchmaking uses.
const ticketSpace = "mm-ticket"

// Parties are who queues together; *party.Service is the one there is.
type Parties interface {
	Member(ctx context.Context, partyID, userID string) (party.Party, error)
}

// Places make the places where matches are played.
type Places interface {
	// Make makes the place of a round, once: asked again for the same round it gives
	// the same place. A round that fills a room has its players brought there; a *wire.Error
	// says that they cannot come any more.
	Make(ctx context.Context, q Queue, r Round) (Place, error)
	// Room reads the lobby of a match. Members alone may ask; "" is the matcher. The
	// errors are those of lobbies, and permission_denied where no queue made the lobby.
	Room(ctx context.Context, lobbyID, userID string) (Room, error)
}

// Place is where a match is played.
type Place struct {
	wire.MMHandoff
	// Tokens let single players in, by user id; those without one get the handoff's.
	Tokens map[string]string
	// Teams are all who play there, by team of the queue; nil when those are the round's.
	Teams []wire.MMMatchTeam
}

// UnplacedError of Places.Make says which players the place cannot take. Their tickets are
// cancelled, and the others search on.
type UnplacedError struct{ Users []string }

func (e *UnplacedError) Error() string {
	return fmt.Sprintf("the place cannot take %d of the players", len(e.Users))
}

// Ports are what a Service works with.
type Ports struct {
	Ledger  ledger.Store
	Store   stream.Store
	Caster  stream.Caster
	Names   stream.Names
	Sets    stream.Sets
	Queues  Queues
	Parties Parties
	Places  Places
	// MayPlay, when not nil, refuses a user with a *wire.Error whom a match of the queue would
	// put into more lobbies than allowed.
	MayPlay func(ctx context.Context, q Queue, userID string) error
	// Searching, when not nil, is told who begins and ceases to look for a match. It may be
	// told again; after an error that somebody has ceased it is.
	Searching func(ctx context.Context, ticketID string, userIDs []string, searching bool) error
	// Matched, when not nil, is told where users are to play, in case they are not
	// connected. It may be told again, with the same id; after an error it is.
	Matched func(ctx context.Context, id string, userIDs []string, matched wire.MMMatched) error
}

// Settings of a Service.
type Settings struct {
	// Pod names this process among those that hold leases.
	Pod string
	// HistorySize events are kept of a user's stream, for HistoryTTL after the last.
	HistorySize    int
	HistoryTTL     time.Duration
	IdempotencyTTL time.Duration
	Log            *slog.Logger
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service takes the requests of players. It is safe for concurrent use. Beside
// *wire.Error it returns the errors of the stores.
type Service struct {
	Ports
	Settings
	ids   names.Minter
	users usertell.Teller
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.users = usertell.Teller{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	s.ids = names.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	return s
}

// queue finds a queue that clients name.
func (s *Service) queue(name string) (Queue, error) {
	q, known := s.Queues.Queue(name)
	if !known {
		return Queue{}, wire.Refuse(wire.CodeNotFound, "there is no such queue")
	}
	return q, nil
}

func book(queue string) ledger.Book { return ledger.Book(queue) }

// entries are what a book holds of one user.
type entries struct {
	Tickets []string `json:"tickets,omitempty"`
	// CooldownUntil is until when the user may not queue again.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
}

// queues finds the queues that a request names.
func (s *Service) queues(req *wire.MMEnqueue) ([]Queue, error) {
	names, field := req.Queues, "queues"
	switch {
	case req.Queue == "" && len(req.Queues) == 0:
		return nil, wire.Invalid("queue", "give queue or queues")
	case req.Queue != "" && len(req.Queues) > 0:
		return nil, wire.Invalid("queues", "give queue or queues, not both")
	case req.Queue != "":
		names, field = []string{req.Queue}, "queue"
	}
	all := make([]Queue, len(names))
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, wire.Invalid(field, "must be distinct")
		}
		var err error
		if all[i], err = s.queue(name); err != nil {
			var refusal *wire.Error
			if errors.As(err, &refusal) && field == "queues" {
				refusal.Field = fmt.Sprintf("queues[%d]", i)
			}
			return nil, err
		}
	}
	return all, nil
}

// Enqueue makes a ticket of the caller, or of the party that it leads.
func (s *Service) Enqueue(ctx context.Context, c command.Call, req *wire.MMEnqueue) (Ticket, error) {
	queues, err := s.queues(req)
	if err != nil {
		return Ticket{}, err
	}
	for _, q := range queues {
		for _, a := range q.Attributes {
			if _, said := req.Attributes[a.Name]; said && a.FromToken {
				return Ticket{}, wire.Invalid("attributes."+a.Name, "comes from the token: leave it out")
			}
		}
	}
	return s.enqueue(ctx, queues, c, stays.Through(c.SessionID), nil, req)
}

// EnqueueFor is Enqueue by a back end, for a user who is connected as live says. What it
// says of attributes that come from tokens holds.
func (s *Service) EnqueueFor(ctx context.Context, c command.Call, live stays.Live, req *wire.MMEnqueue) (Ticket, error) {
	queues, err := s.queues(req)
	if err != nil {
		return Ticket{}, err
	}
	return s.enqueue(ctx, queues, c, live, req.Attributes, req)
}

// enqueue makes a ticket; vouched are claims that hold for all its players, in place of
// their tokens'.
func (s *Service) enqueue(
	ctx context.Context, queues []Queue, c command.Call, live stays.Live, vouched map[string]any, req *wire.MMEnqueue,
) (Ticket, error) {
	entrants, err := s.entrants(ctx, c.Caller, live, req)
	if err != nil {
		return Ticket{}, err
	}
	for i := range entrants {
		entrants[i].Claims = merged(entrants[i].Claims, vouched)
	}
	id, err := s.ids.ID(ctx, ticketSpace, c.ID, c.Key)
	if err != nil {
		return Ticket{}, err
	}
	copies, err := newTickets(queues, id, c.ID, entrants, req, s.Now())
	if err != nil {
		return Ticket{}, err
	}
	t := copies[0]
	if c.Key != "" {
		if there, known, err := s.made(ctx, t.Queue, id); err != nil || known {
			return there, errors.Join(err, s.keepsParty(ctx, c, there))
		}
	}
	if err := s.mayPlay(ctx, queues, t, c.ID); err != nil {
		return Ticket{}, err
	}
	if err := s.note(ctx, t); err != nil {
		return s.notEntered(ctx, c, t, err)
	}
	if err := s.enterAll(ctx, queues, copies, s.once(c)); err != nil {
		return s.notEntered(ctx, c, t, err)
	}
	if err := s.cast(ctx, t.View()); err != nil {
		s.Log.WarnContext(ctx, "the other players of a ticket are not told of it", "queue", t.Queue, "error", err)
	}
	if s.Searching != nil {
		if err := s.begun(ctx, t); err != nil {
			s.Log.WarnContext(ctx, "who searches does not seem to", "queue", t.Queue, "error", err)
		}
	}
	if !s.newborn(t.ID) { // it was first asked for long before it came in
		if err := s.noteAgain(ctx, t); err != nil {
			return t, err
		}
	}
	return t, s.keepsParty(ctx, c, t)
}

// mayPlay refuses a ticket with a player who may not come into another lobby. What the
// other members of a party are in is not named.
func (s *Service) mayPlay(ctx context.Context, queues []Queue, t Ticket, caller string) error {
	if s.MayPlay == nil {
		return nil
	}
	for _, q := range queues {
		for _, user := range t.Users() {
			err := s.MayPlay(ctx, q, user)
			var refusal *wire.Error
			if user != caller && errors.As(err, &refusal) {
				return wire.Precondition(refusal.Reason, "a member of the party may not be in another lobby of this type")
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keepsParty withdraws a ticket that has come in if its party has changed since its players
// were read: PartyChanged may have come too early to find it.
func (s *Service) keepsParty(ctx context.Context, c command.Call, t Ticket) error {
	if t.PartyID == "" {
		return nil
	}
	if kept, err := s.sameParty(ctx, t); err != nil || kept {
		return err
	}
	return settled(s.leave(ctx, t, c.ID, reasonPartyChanged, reasonPartyChanged, ledger.Step{}))
}

// sameParty reports whether a ticket's party has the members and the leader that queued.
func (s *Service) sameParty(ctx context.Context, t Ticket) (bool, error) {
	p, err := s.Parties.Member(ctx, t.PartyID, t.leader())
	if wire.CodeOf(err) != "" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	users, queued := p.Users(), t.Users()
	slices.Sort(users)
	slices.Sort(queued)
	return slices.Equal(users, queued) && (t.LeaderID == "" || p.LeaderID == t.LeaderID), nil
}

// made finds the ticket of a repeated request; false when there is none.
func (s *Service) made(ctx context.Context, queue, id string) (Ticket, bool, error) {
	t, known, err := s.ticket(ctx, queue, id)
	if err == nil && known {
		err = s.noteAgain(ctx, t)
	}
	return t, known, err
}

// notEntered ends an enqueue that failed. Where that is certain, nothing of the ticket
// stays; unless the same request came in at the same moment, or before: what it entered may
// even have been matched since.
func (s *Service) notEntered(ctx context.Context, c command.Call, t Ticket, cause error) (Ticket, error) {
	var refusal *wire.Error
	if !errors.As(cause, &refusal) {
		return Ticket{}, cause
	}
	if there, known, err := s.made(ctx, t.Queue, t.ID); err != nil || known {
		return there, err
	}
	for _, queue := range t.others() {
		if _, err := s.dropCopy(ctx, queue, t.ID); err != nil {
			return Ticket{}, errors.Join(cause, err)
		}
	}
	if err := s.unnote(ctx, t); err != nil {
		return Ticket{}, errors.Join(cause, err)
	}
	return t, s.unlessMade(ctx, c, cause, t.Queue)
}

// begun tells that a ticket's players search. When it is gone by then it was told before
// that they have ceased to, and has to be told again.
func (s *Service) begun(ctx context.Context, t Ticket) error {
	if err := s.Searching(ctx, t.ID, t.Users(), true); err != nil {
		return err
	}
	_, there, err := s.ticket(ctx, t.Queue, t.ID)
	if err != nil || there {
		return err
	}
	return s.Searching(ctx, t.ID, t.Users(), false)
}

// entrants are the players that a request queues.
func (s *Service) entrants(ctx context.Context, c identity.Caller, live stays.Live, req *wire.MMEnqueue) ([]Entrant, error) {
	if req.PartyID == "" {
		return []Entrant{{Player: Player{ID: c.ID, Name: c.Name, Live: live}, Attributes: req.Attributes, Claims: c.Claims}}, nil
	}
	p, err := s.Parties.Member(ctx, req.PartyID, c.ID)
	if err != nil {
		return nil, err
	}
	if p.LeaderID != c.ID {
		return nil, wire.Precondition(wire.ReasonNotLeader, "only the party's leader may queue")
	}
	var all []Entrant
	for _, id := range p.Users() {
		m := p.Members[id]
		all = append(all, Entrant{
			Player:     Player{ID: id, Name: m.Name, Live: m.Live},
			Attributes: merged(req.Attributes, m.Attributes), Claims: m.Claims,
		})
	}
	return all, nil
}

// merged is a with b over it.
func merged(a, b map[string]any) map[string]any {
	if len(b) == 0 {
		return a
	}
	all := make(map[string]any, len(a)+len(b))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// enterAll puts the copies of a ticket into their queues, the first one last: with it the
// ticket exists. A copy that an earlier try of the request has entered stays as it is.
func (s *Service) enterAll(ctx context.Context, queues []Queue, copies []Ticket, once *ledger.Once) error {
	for i := len(copies) - 1; i > 0; i-- {
		err := s.retry(ctx, func() (ledger.Step, []posted, error) {
			_, there, err := s.ticket(ctx, queues[i].Name, copies[i].ID)
			if err != nil || there {
				return ledger.Step{}, nil, err
			}
			return s.enter(ctx, queues[i], copies[i], nil)
		}, queues[i].Name)
		if err != nil {
			return err
		}
	}
	return s.retry(ctx, func() (ledger.Step, []posted, error) { return s.enter(ctx, queues[0], copies[0], once) }, queues[0].Name)
}

// enter is the step by which a ticket comes in.
func (s *Service) enter(ctx context.Context, q Queue, t Ticket, once *ledger.Once) (ledger.Step, []posted, error) {
	found, err := s.Ledger.Get(ctx, book(q.Name), users, t.Users()...)
	if err != nil {
		return ledger.Step{}, nil, err
	}
	value, err := json.Marshal(t)
	if err != nil {
		return ledger.Step{}, nil, fmt.Errorf("encode a ticket: %w", err)
	}
	step := ledger.Step{
		Once:    once,
		Changes: []ledger.Change{{Table: tickets, Key: t.ID, Value: value}},
		Bounds:  []ledger.Bound{{Table: tickets, Most: q.MaxTickets}},
	}
	for _, user := range t.Users() {
		var e entries
		if err := decode(found[user], &e); err != nil {
			return ledger.Step{}, nil, err
		}
		if err := e.mayEnter(q, user, t.leader(), s.Now()); err != nil {
			return ledger.Step{}, nil, err
		}
		e.Tickets = append(e.Tickets, t.ID)
		change, err := e.change(user, found[user])
		if err != nil {
			return ledger.Step{}, nil, err
		}
		step.Changes = append(step.Changes, change)
	}
	return step, nil, nil
}

// mayEnter refuses a user who is in as many tickets as it may be, or has to wait.
func (e entries) mayEnter(q Queue, user, caller string, now time.Time) error {
	who := "you are"
	if user != caller {
		who = "a member of the party is"
	}
	if e.CooldownUntil > ms(now) {
		refusal := wire.Precondition(wire.ReasonCooldown, who+" not allowed to queue here yet")
		refusal.RetryAfterMs = e.CooldownUntil - ms(now)
		return refusal
	}
	if len(e.Tickets) >= q.TicketsPerUser {
		var own []string // the tickets of another user are not the caller's to know
		if user == caller {
			own = e.Tickets
		}
		return wire.Already(wire.CodeAlreadyQueued, wire.ReasonTicketLimit, who+" in this queue already", own...)
	}
	return nil
}

// change writes what is left of a user's entries.
func (e entries) change(user string, was []byte) (ledger.Change, error) {
	c := ledger.Change{Table: users, Key: user, Was: was}
	if len(e.Tickets) == 0 && e.CooldownUntil == 0 {
		return c, nil
	}
	var err error
	if c.Value, err = json.Marshal(e); err != nil {
		err = fmt.Errorf("encode the entries of a user: %w", err)
	}
	return c, err
}

// without takes a ticket from the entries.
func (e entries) without(ticket string) entries {
	var left []string
	for _, id := range e.Tickets {
		if id != ticket {
			left = append(left, id)
		}
	}
	e.Tickets = left
	return e
}

func decode(value []byte, into any) error {
	if value == nil {
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("decode a record of a queue: %w", err)
	}
	return nil
}

// once has the step of a request happen once; nil when nobody could ask again.
func (s *Service) once(c command.Call) *ledger.Once {
	if c.Key == "" {
		return nil
	}
	return &ledger.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
}

// tries is how often a step is made anew when another came first.
const tries = 8

// retry makes a step as often as others come first, and tells what it puts into the
// outbox. An empty step changes nothing.
func (s *Service) retry(ctx context.Context, next func() (ledger.Step, []posted, error), queue string) error {
	return s.retryThen(ctx, next, queue, func() []ledger.Change { return nil })
}

// retryThen is retry, and calls then after the step. What then gives is changed together
// with the removal of the letters.
func (s *Service) retryThen(
	ctx context.Context, next func() (ledger.Step, []posted, error), queue string, then func() []ledger.Change,
) error {
	for range tries {
		step, letters, err := next()
		if err != nil || len(step.Changes) == 0 {
			return err
		}
		err = s.Ledger.Apply(ctx, book(queue), step)
		var conflict *ledger.ConflictError
		var full *ledger.FullError
		switch {
		case errors.As(err, &conflict):
			continue
		case errors.As(err, &full):
			return wire.Exhausted("", "this queue is full")
		case errors.Is(err, ledger.ErrMade):
			return nil
		case err != nil:
			return err
		}
		s.deliver(ctx, queue, letters, then()...)
		return nil
	}
	return tooFast()
}

func tooFast() error {
	return wire.Refuse(wire.CodeUnavailable, "the queue changes too fast right now")
}

// ticket reads a ticket; false when there is none.
func (s *Service) ticket(ctx context.Context, queue, id string) (Ticket, bool, error) {
	t, raw, err := s.readTicket(ctx, queue, id)
	return t, raw != nil, err
}

func (s *Service) readTicket(ctx context.Context, queue, id string) (t Ticket, raw []byte, err error) {
	found, err := s.Ledger.Get(ctx, book(queue), tickets, id)
	if err != nil {
		return Ticket{}, nil, err
	}
	return t, found[id], decode(found[id], &t)
}

func (s *Service) readRound(ctx context.Context, queue, id string) (r Round, raw []byte, err error) {
	found, err := s.Ledger.Get(ctx, book(queue), rounds, id)
	if err != nil {
		return Round{}, nil, err
	}
	return r, found[id], decode(found[id], &r)
}

// List are the queues as clients see them.
func (s *Service) List(ctx context.Context) (wire.MMQueueList, error) {
	list := wire.MMQueueList{Queues: []wire.MMQueue{}}
	for _, q := range s.Queues.Queues() {
		view := wire.MMQueue{Name: q.Name, MaxParty: q.maxParty(), ReadyCheck: q.ReadyCheck.Enabled, Backfill: q.Backfill}
		for _, t := range q.Match.Teams {
			view.Teams = append(view.Teams, wire.MMTeam{Name: t.Name, Min: t.Min, Max: t.Max})
		}
		for _, r := range q.Match.Regions {
			view.Regions = append(view.Regions, r.Name)
		}
		if q.Population != PopulationNone {
			n, err := s.Ledger.Count(ctx, book(q.Name), tickets)
			if err != nil {
				return wire.MMQueueList{}, err
			}
			view.Population = population(q, n)
		}
		list.Queues = append(list.Queues, view)
	}
	return list, nil
}

// population is how many wait: a number, or a band of how many matches that makes.
func population(q Queue, n int) any {
	if q.Population == PopulationExact {
		return n
	}
	places := 0
	for _, t := range q.Match.Teams {
		places += t.Max
	}
	switch {
	case n < 2*places:
		return "low"
	case n < 10*places:
		return "medium"
	}
	return "high"
}

// inRound reads the tickets of a round.
func (s *Service) inRound(ctx context.Context, r Round) (map[string]waiter, error) {
	found, err := s.Ledger.Get(ctx, book(r.Queue), tickets, r.tickets()...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]waiter, len(found))
	for id, raw := range found {
		var t Ticket
		if err := decode(raw, &t); err != nil {
			return nil, err
		}
		all[id] = waiter{t, raw}
	}
	return all, nil
}
