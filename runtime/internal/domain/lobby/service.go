package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a lobby's stream.
const Kind = "lobby"

// StreamID is the stream of a lobby.
func StreamID(lobbyID string) stream.ID { return stream.ID(Kind + ":" + lobbyID) }

// ChatStream is the stream of a lobby's chat channel.
func ChatStream(lobbyID string) stream.ID { return "chat:" + StreamID(lobbyID) }

// Policies are the lobby policies in force. They may change at any time.
type Policies interface {
	// Policy finds the policy for a lobby type.
	Policy(lobbyType string) (rules.Policy, bool)
}

// Ports are the dependencies of a Service.
type Ports struct {
	Store     stream.Store
	Names     stream.Names
	Sets      stream.Sets
	Deadlines stream.Deadlines
	Policies  Policies
	// Companions are the others of a party, for its leader only. It may be nil where no
	// request names a party.
	Companions func(ctx context.Context, leaderID, partyID string) ([]rules.Actor, error)
	// Budgets count passwords and codes; nil refuses nothing.
	Budgets *budget.Guard
	// Index may be nil: nothing can be searched then.
	Index search.Index
	// Events may be nil.
	Events Events
}

// Settings of a Service.
type Settings struct {
	// HistorySize events are kept of a lobby's stream and of a user's, for HistoryTTL
	// after the last.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long a keyed request is known to have been carried out.
	IdempotencyTTL time.Duration
	// PasswordCost is bcrypt's; 0 means its default.
	PasswordCost int
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service applies commands to the streams of lobbies. It is safe for concurrent use. Its
// methods return the *wire.Error of a rule or an error of the store: stream.ErrUnavailable, or
// stream.ErrConflict when a lobby changed too often during the call.
type Service struct {
	Ports
	Settings
	keeper      *document.Repository[rules.Lobby]
	passwords   *passwords
	ids         ids.Minter
	memberships membership.Store
	users       userstream.Publisher
	// later has something done after a while.
	later func(time.Duration, func())
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	s.passwords = newPasswords(settings.PasswordCost, func() { s.Budgets.Queued(budget.Passwords) })
	if s.Now == nil {
		s.Now = time.Now
	}
	s.later = func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	s.ids = ids.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	s.users = userstream.Publisher{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	s.memberships = membership.Store{Sets: s.Sets, TTL: unboundedTTL, Now: s.Now, Exists: s.isMembership}
	s.keeper = document.New(document.Type[rules.Lobby]{
		Name:         Kind,
		At:           func(l rules.Lobby, at stream.Snapshot) rules.Lobby { return s.withPolicyInForce(atPosition(l, at)) },
		NextDeadline: s.nextLook,
		CheckAfter:   s.soon,
		Retain:       s.retain,
		Pure:         true,
	}, s.Store, s.Deadlines, s.Now)
	return s
}

// Outcome is the result of a command.
type Outcome struct {
	// Lobby is the lobby after the command; after a repeated request, as it is now.
	Lobby rules.Lobby
	// At is where the command left the stream, and TS when, in milliseconds since
	// the epoch.
	At stream.Position
	TS int64
	// changed reports whether the command changed the lobby.
	changed bool
	// value is the part of the answer that the request stored with its commit.
	value []byte
}

// change commits a transition and applies its side effects. OnDeadline applies the side effects
// that fail here; its deadline is scheduled before the commit.
func (s *Service) change(ctx context.Context, lobbyID string, once *stream.Once, t rules.Transition) (Outcome, error) {
	out, fresh, err := s.commit(ctx, lobbyID, once, t)
	if err == nil {
		_ = s.applySideEffects(ctx, out.Lobby, fresh)
	}
	return out, err
}

// commit commits a transition, reports its effects to the observer and the index, and returns a
// filter for the side effects that it caused.
func (s *Service) commit(ctx context.Context, lobbyID string, once *stream.Once, t rules.Transition) (Outcome, effectFilter, error) {
	out, err := s.apply(ctx, lobbyID, once, t)
	if err != nil {
		return Outcome{}, nil, err
	}
	if !out.Repeated {
		s.afterCommit(ctx, out.Before, out.State)
	}
	return outcome(out), causedSince(out.Seen, out.Repeated), nil
}

// apply applies a transition to a lobby by compare-and-set, and adds events to its patches. A
// transition has no store and no context: the compare-and-set does no I/O of the domain.
func (s *Service) apply(
	ctx context.Context, lobbyID string, once *stream.Once, t rules.Transition, more ...stream.Event,
) (document.Result[rules.Lobby], error) {
	if !ids.ValidID(lobbyID) {
		return document.Result[rules.Lobby]{}, rules.NotFound()
	}
	out, err := s.keeper.Change(ctx, lobbyID, once, func(l rules.Lobby) (rules.Lobby, []stream.Event, error) {
		next, patches, err := t.Apply(l, s.Now())
		if err != nil {
			return next, nil, err
		}
		events, err := encode(patches)
		return next, append(events, more...), err
	})
	return out, notFoundIfMissing(err)
}

// afterCommit reports the events of a commit and updates the index. A later deadline repeats a
// failed update.
func (s *Service) afterCommit(ctx context.Context, before, after rules.Lobby) {
	s.reportEvents(ctx, before, after)
	if !search.SameEntry(before, after) {
		_ = s.reindex(ctx, after)
	}
}

func outcome(out document.Result[rules.Lobby]) Outcome {
	return Outcome{Lobby: out.State, At: out.At, TS: out.TS, changed: out.Changed(), value: out.Value}
}

// notFoundIfMissing converts stream.ErrNotFound to the wire's not_found.
func notFoundIfMissing(err error) error {
	if errors.Is(err, stream.ErrNotFound) {
		return rules.NotFound()
	}
	return err
}

// soon is when the index is looked after once more that has to follow a change.
func (s *Service) soon(before *rules.Lobby, next rules.Lobby) time.Duration {
	if s.Index == nil || before != nil && search.SameEntry(*before, next) {
		return 0
	}
	return rules.RetryAfter
}

// nextLook returns the next deadline of the lobby or of its index entry.
func (s *Service) nextLook(l rules.Lobby, now time.Time) (time.Time, bool) {
	look, wanted := l.NextDeadline(now)
	if relist := now.Add(reindexEvery); s.Index != nil && !l.Closed() && (!wanted || relist.Before(look)) {
		return relist, true
	}
	return look, wanted
}

func encode(patches []wire.LobbyPatch) ([]stream.Event, error) {
	events := make([]stream.Event, 0, len(patches))
	for _, p := range patches {
		data, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encode a patch of lobby %s: %w", p.LobbyID, err)
		}
		events = append(events, stream.Event{Name: p.Event(), Data: data})
	}
	return events, nil
}

// unboundedTTL is how long a lobby without an end is kept after its last change.
const unboundedTTL = 7 * 24 * time.Hour

// ttl returns how long the data of a lobby is kept.
func (s *Service) ttl(l rules.Lobby) time.Duration {
	switch {
	case l.Closed():
		return max(s.HistoryTTL, rules.DepartureMemory)
	case l.ExpiresAt == 0:
		return unboundedTTL
	}
	return max(time.UnixMilli(l.ExpiresAt).Sub(s.Now()), 0) + max(s.HistoryTTL, rules.DepartureMemory)
}

func (s *Service) retain(l rules.Lobby) stream.Retention {
	return stream.Retention{LogSize: s.HistorySize, LogTTL: s.HistoryTTL, TTL: max(s.ttl(l), s.HistoryTTL)}
}

// load reads a lobby.
func (s *Service) load(ctx context.Context, lobbyID string) (rules.Lobby, error) {
	if !ids.ValidID(lobbyID) {
		return rules.Lobby{}, rules.NotFound()
	}
	l, err := s.keeper.Load(ctx, lobbyID)
	return l, notFoundIfMissing(err)
}

// withPolicyInForce makes a lobby adopt the policy in force, where the policy applies to all
// lobbies.
func (s *Service) withPolicyInForce(l rules.Lobby) rules.Lobby {
	if p, ok := s.Policies.Policy(l.Policy.Type); ok {
		return l.Adopt(p)
	}
	return l
}

// once is the idempotency of a keyed request; nil for one without a key.
func (s *Service) once(userID, key string) *stream.Once {
	if key == "" {
		return nil
	}
	return &stream.Once{Scope: userID, Key: key, TTL: s.IdempotencyTTL}
}

// isNotFound reports whether a lobby does not exist.
func isNotFound(err error) bool { return wire.CodeOf(err) == wire.CodeNotFound }

func random() uint64 { return rand.Uint64() }

// atPosition adds to a lobby its position in the stream, because the document does not contain
// the position.
func atPosition(l rules.Lobby, at stream.Snapshot) rules.Lobby {
	l.Version, l.Epoch, l.Committed = at.Seq, at.Epoch, at.CommittedIn()
	return l
}
