package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Followed is the table whose changes a matcher reads.
const TicketsTable = "tickets"

// The tables of a queue's book.
const (
	tickets   = TicketsTable // Ticket by id
	proposals = "rounds"     // Proposal by id
	backfills = "backfills"  // Backfill by the id of the lobby
	users     = "users"      // entries by user id: the user's tickets and cooldown
	outbox    = "outbox"     // message by id
	stats     = "stats"      // one Stats
)

// ticketSpace is the name space of ticket ids.
const ticketSpace = "mm-ticket"

// Parties reads parties; *party.Service implements it.
type Parties interface {
	Member(ctx context.Context, partyID, userID string) (party.Party, error)
}

// Handoffs make the places of matches.
type Handoffs interface {
	// Make makes the place of a proposal. It is idempotent: a second call for a proposal returns
	// the same place. For a backfill it adds the players to the lobby; a *wire.Error says
	// that the lobby refuses them.
	Place(ctx context.Context, q Queue, r Proposal) (Place, error)
	// Room reads the lobby of a match for a member; userID "" is the matcher. The errors
	// are those of lobbies, and permission_denied for a lobby that no queue made.
	Lobby(ctx context.Context, lobbyID, userID string) (MatchLobby, error)
}

// Place is the place where a match is played.
type Place struct {
	wire.MMHandoff
	// Tokens are tokens of single players, by user id; other players get the handoff's
	// token.
	Tokens map[string]string
	// Teams are all players there by team of the queue; nil when they are the proposal's
	// players.
	Teams []wire.MMMatchTeam
}

// UnplacedError of Places.Make lists the players that the place refuses. Their tickets are
// cancelled, and the other tickets search again.
type UnplacedError struct{ Users []string }

func (e *UnplacedError) Error() string {
	return fmt.Sprintf("the place cannot take %d of the players", len(e.Users))
}

// Ports are the dependencies of a Service.
type Ports struct {
	Records  records.Store
	Store    stream.Store
	Caster   stream.Caster
	Names    stream.Names
	Sets     stream.Sets
	Queues   Queues
	Parties  Parties
	Handoffs Handoffs
	// CheckLobbyLimit, when not nil, returns a *wire.Error for a user who would exceed the limit of
	// lobbies by a match of the queue.
	CheckLobbyLimit func(ctx context.Context, q Queue, userID string) error
	// Searching, when not nil, is called when users start or stop searching. Calls may be
	// repeated; after an error of a stop the call is repeated.
	Searching func(ctx context.Context, ticketID string, userIDs []string, searching bool) error
	// Matched, when not nil, is called with the place of a match, to notify offline users.
	// Calls may be repeated with the same id; after an error the call is repeated.
	Matched func(ctx context.Context, id string, userIDs []string, matched wire.MMMatched) error
}

// Settings are the settings of a Service.
type Settings struct {
	// Pod is this process's name as a holder of leases.
	Pod string
	// A user stream keeps HistorySize events, for HistoryTTL after the last.
	HistorySize    int
	HistoryTTL     time.Duration
	IdempotencyTTL time.Duration
	Log            *slog.Logger
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service handles the requests of players. It is safe for concurrent use. It returns
// *wire.Error and the errors of the stores.
type Service struct {
	Ports
	Settings
	minter ids.Minter
	users  userstream.Teller
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
	s.users = userstream.Teller{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	s.minter = ids.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	return s
}

// queue returns a queue that a request names.
func (s *Service) queue(name string) (Queue, error) {
	q, known := s.Queues.Queue(name)
	if !known {
		return Queue{}, wire.Refuse(wire.CodeNotFound, "there is no such queue")
	}
	return q, nil
}

func partition(queue string) records.Book { return records.Book(queue) }

// userRecord are the records of one user in a book.
type userRecord struct {
	Tickets []string `json:"tickets,omitempty"`
	// CooldownUntil is the time until which the user may not enqueue.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
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

// once returns the Once of a request; nil for a request without a key.
func (s *Service) once(c request.Call) *records.Once {
	if c.Key == "" {
		return nil
	}
	return &records.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
}

// tries bounds the tries of a step after conflicts.
const maxTries = 8

// commit applies a step and sends its messages. After a conflict it builds the step again. An
// empty step changes nothing.
func (s *Service) commit(ctx context.Context, next func() (records.Step, []outboxMessage, error), queue string) error {
	return s.commitThen(ctx, next, queue, func() []records.Change { return nil })
}

// commitThen is retry, and calls then after the step. The changes of then are applied
// together with the deletion of the messages.
func (s *Service) commitThen(
	ctx context.Context, next func() (records.Step, []outboxMessage, error), queue string, then func() []records.Change,
) error {
	for range maxTries {
		step, messages, err := next()
		if err != nil || len(step.Changes) == 0 {
			return err
		}
		err = s.Records.Apply(ctx, partition(queue), step)
		var conflict *records.ConflictError
		var full *records.FullError
		switch {
		case errors.As(err, &conflict):
			continue
		case errors.As(err, &full):
			return wire.Exhausted("", "this queue is full")
		case errors.Is(err, records.ErrMade):
			return nil
		case err != nil:
			return err
		}
		s.deliverOrLog(ctx, queue, messages, then()...)
		return nil
	}
	return tooManyConflicts()
}

func tooManyConflicts() error {
	return wire.Refuse(wire.CodeUnavailable, "the queue changes too fast right now")
}

// ticket reads a ticket; false when it does not exist.
func (s *Service) ticket(ctx context.Context, queue, id string) (Ticket, bool, error) {
	t, raw, err := s.readTicket(ctx, queue, id)
	return t, raw != nil, err
}

func (s *Service) readTicket(ctx context.Context, queue, id string) (t Ticket, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), tickets, id)
	if err != nil {
		return Ticket{}, nil, err
	}
	return t, found[id], decode(found[id], &t)
}

func (s *Service) readProposal(ctx context.Context, queue, id string) (r Proposal, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), proposals, id)
	if err != nil {
		return Proposal{}, nil, err
	}
	return r, found[id], decode(found[id], &r)
}

// List returns the queues for clients.
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
			n, err := s.Records.Count(ctx, partition(q.Name), tickets)
			if err != nil {
				return wire.MMQueueList{}, err
			}
			view.Population = population(q, n)
		}
		list.Queues = append(list.Queues, view)
	}
	return list, nil
}

// population returns the number of waiting tickets, or a band of how many matches they
// fill.
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

// ticketsOfProposal reads the tickets of a proposal.
func (s *Service) ticketsOfProposal(ctx context.Context, r Proposal) (map[string]storedTicket, error) {
	found, err := s.Records.Get(ctx, partition(r.Queue), tickets, r.ticketIDs()...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]storedTicket, len(found))
	for id, raw := range found {
		var t Ticket
		if err := decode(raw, &t); err != nil {
			return nil, err
		}
		all[id] = storedTicket{t, raw}
	}
	return all, nil
}
