package party

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a party's stream.
const Kind = "party"

// StreamID is the stream of a party.
func StreamID(partyID string) stream.ID { return stream.ID(Kind + ":" + partyID) }

// ChatStream is the stream of a party's chat channel.
func ChatStream(partyID string) stream.ID { return "chat:" + StreamID(partyID) }

// The spaces of names that parties use.
const (
	codeSpace   = "party-code"
	createSpace = "party-create"
	joinSpace   = "party-join"
	inviteSpace = "party-invite"
)

const (
	codeLength = 8
	// codeTries is how many codes are tried before a create is refused as
	// unavailable: with codes of this length that does not happen.
	codeTries = 8
	// partyTTL is how long a party is kept after its last change.
	partyTTL = 7 * 24 * time.Hour
	// maxParties is in how many parties a user is at once.
	maxParties = 1
)

// Ports are the dependencies of a Service.
type Ports struct {
	Store     stream.Store
	Names     stream.Names
	Sets      stream.Sets
	Deadlines stream.Deadlines
	// Budgets count codes; nil refuses nothing.
	Budgets *budget.Guard
	// Events may be nil.
	Events Events
}

// Events receives the events of parties after their commit. A process that dies after a commit
// may lose a call. The calls must return soon and cannot fail a command.
type Events interface {
	// MembersChanged reports that a party has other members or another leader.
	MembersChanged(ctx context.Context, p rules.Party)
	// Invited reports an invite, to notify a user without a session too. An invite may be
	// reported twice.
	Invited(ctx context.Context, userID string, invited wire.PartyInvited)
}

// Settings of a Service.
type Settings struct {
	// HistorySize events are kept of a party's stream and of a user's, for HistoryTTL
	// after the last.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long a keyed request is known to have been carried out.
	IdempotencyTTL time.Duration
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service applies commands to the streams of parties. It is safe for concurrent use. Its
// methods return the *wire.Error of a rule or an error of the store.
type Service struct {
	Ports
	Settings
	keeper      *document.Repository[rules.Party]
	ids         ids.Minter
	memberships membership.Store
	users       userstream.Publisher
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.keeper = document.New(document.Type[rules.Party]{
		Name:         Kind,
		At:           atPosition,
		NextDeadline: rules.Party.NextDeadline,
		Retain: func(p rules.Party) stream.Retention {
			ttl := max(partyTTL, s.HistoryTTL)
			if p.Closed() {
				ttl = max(rules.DepartureMemory, s.HistoryTTL)
			}
			return stream.Retention{LogSize: s.HistorySize, LogTTL: s.HistoryTTL, TTL: ttl}
		},
	}, ports.Store, ports.Deadlines, s.Now)
	s.ids = ids.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	s.users = userstream.Publisher{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	s.memberships = membership.Store{Sets: s.Sets, TTL: partyTTL, Now: s.Now, Exists: s.isMembership}
	return s
}

// Outcome is the result of a command.
type Outcome = document.Result[rules.Party]

// change commits a transition and applies its side effects. OnDeadline applies the side effects
// that fail here; its deadline is scheduled before the commit.
func (s *Service) change(ctx context.Context, partyID string, once *stream.Once, t rules.Transition) (Outcome, error) {
	out, err := s.commit(ctx, partyID, once, t)
	if err == nil {
		_ = s.applySideEffects(ctx, out.State, out.State.DepartedSince(out.Seen, out.Repeated))
	}
	return out, err
}

// commit commits a transition, and reports a change of the members or of the leader.
func (s *Service) commit(ctx context.Context, partyID string, once *stream.Once, t rules.Transition) (Outcome, error) {
	out, err := s.apply(ctx, partyID, once, t)
	if err == nil && out.Changed() && membersChanged(out.Before, out.State) && s.Events != nil {
		s.Events.MembersChanged(ctx, out.State)
	}
	return out, err
}

// apply applies a transition to a party by compare-and-set. A transition has no store and no
// context: the compare-and-set does no I/O of the domain.
func (s *Service) apply(ctx context.Context, partyID string, once *stream.Once, t rules.Transition) (Outcome, error) {
	if !ids.ValidID(partyID) {
		return Outcome{}, rules.NotFound()
	}
	out, err := s.keeper.Change(ctx, partyID, once, func(p rules.Party) (rules.Party, []stream.Event, error) {
		next, patches, err := t.Apply(p, s.Now())
		if err != nil {
			return p, nil, err
		}
		events, err := encode(patches)
		return next, events, err
	})
	return out, notFoundIfMissing(err)
}

// membersChanged reports whether two versions of a party differ in the members or the leader.
func membersChanged(before, after rules.Party) bool {
	if before.LeaderID != after.LeaderID || len(before.Members) != len(after.Members) {
		return true
	}
	for id := range after.Members {
		if !before.Has(id) {
			return true
		}
	}
	return false
}

func encode(patches []wire.PartyPatch) ([]stream.Event, error) {
	events := make([]stream.Event, 0, len(patches))
	for _, p := range patches {
		data, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encode a patch of party %s: %w", p.PartyID, err)
		}
		events = append(events, stream.Event{Name: wire.EventPartyPatch, Data: data})
	}
	return events, nil
}

// notFoundIfMissing converts stream.ErrNotFound to the wire's not_found.
func notFoundIfMissing(err error) error {
	if errors.Is(err, stream.ErrNotFound) {
		return rules.NotFound()
	}
	return err
}

func isNotFound(err error) bool { return wire.CodeOf(err) == wire.CodeNotFound }

func (s *Service) load(ctx context.Context, partyID string) (rules.Party, error) {
	if !ids.ValidID(partyID) {
		return rules.Party{}, rules.NotFound()
	}
	p, err := s.keeper.Load(ctx, partyID)
	return p, notFoundIfMissing(err)
}

// Member returns a party to its members. For other users the party does not exist.
func (s *Service) Member(ctx context.Context, partyID, userID string) (rules.Party, error) {
	p, err := s.load(ctx, partyID)
	if err != nil {
		return rules.Party{}, err
	}
	_, err = p.ActiveMember(userID)
	return p, err
}

// Chat gives the party of a chat channel, to back ends and to members.
func (s *Service) Chat(ctx context.Context, c request.Caller, partyID string) (rules.Party, error) {
	if c.Backend {
		return s.load(ctx, partyID)
	}
	return s.Member(ctx, partyID, c.ID)
}

// Led returns a party to its leader.
func (s *Service) Led(ctx context.Context, partyID, userID string) (rules.Party, error) {
	p, err := s.load(ctx, partyID)
	if err != nil {
		return rules.Party{}, err
	}
	return p, p.CheckLeader(userID)
}

// Of is the party that a user is in; false when in none.
func (s *Service) Of(ctx context.Context, userID string) (rules.Party, bool, error) {
	groups, err := s.memberships.Groups(ctx, partiesOf(userID))
	if err != nil {
		return rules.Party{}, false, err
	}
	for _, id := range groups {
		p, err := s.Member(ctx, id, userID)
		if err == nil {
			return p, true, nil
		}
		if !isNotFound(err) {
			return rules.Party{}, false, err
		}
	}
	return rules.Party{}, false, nil
}

// partiesOf is the set of a user's memberships in parties.
func partiesOf(userID string) string { return "parties:" + userID }

func (s *Service) isMembership(ctx context.Context, userID string, m membership.Membership) (bool, error) {
	p, err := s.load(ctx, m.Group)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil && p.Members[userID].MembershipID == m.ID, err
}

// addMembership adds a user's membership, or returns a refusal when the user is in a party.
func (s *Service) addMembership(ctx context.Context, userID string, m membership.Membership) error {
	in, err := s.memberships.Add(ctx, partiesOf(userID), m, maxParties, userID)
	if err == nil && !in {
		var ids []string
		if ids, err = s.memberships.Groups(ctx, partiesOf(userID)); err == nil {
			err = wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "you are in a party: leave it first", ids...)
		}
	}
	return err
}

// once returns the idempotency of a request; nil without a key.
func (s *Service) once(c request.Call) *stream.Once {
	if c.Key == "" {
		return nil
	}
	return &stream.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
}

func actor(c request.Caller) rules.Actor {
	return rules.Actor{ID: c.ID, Name: c.Name, Session: c.SessionID, Claims: c.Claims}
}

// atPosition adds to a party its position in the stream, because the document does not contain
// the position.
func atPosition(p rules.Party, at stream.Snapshot) rules.Party {
	p.Version, p.Epoch, p.Committed = at.Seq, at.Epoch, at.CommittedIn()
	return p
}
