package presence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of the users' presence streams. Clients cannot subscribe to these streams;
// they watch users.
const Kind = "presence"

// StreamID returns the presence stream of a user.
func StreamID(userID string) stream.ID { return stream.ID(Kind + ":" + userID) }

const (
	// lastSeenTTL is how long LastSeen is kept.
	lastSeenTTL = 30 * 24 * time.Hour
	// parallelReads bounds the concurrent reads of presences.
	parallelReads = 16
)

// Ports are the dependencies of a Service.
type Ports struct {
	Store     stream.Store
	Deadlines stream.Deadlines
}

// Settings are the settings of a Service.
type Settings struct {
	Rules
	// HistoryTTL is the retention of a stream's log, which holds only the last event.
	HistoryTTL time.Duration
	// IdempotencyTTL is how long an idempotency key is remembered.
	IdempotencyTTL time.Duration
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service applies changes to the users' presences. It is safe for concurrent use. Its methods
// return the *wire.Error of the rules and the errors of the store.
type Service struct {
	Ports
	Settings
	keeper *document.Repository[User]
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.keeper = document.New(document.Type[User]{
		Name:         Kind,
		At:           func(u User, _ stream.Snapshot) User { return u },
		NextDeadline: func(u User, now time.Time) (time.Time, bool) { return u.NextDeadline(s.Rules, now) },
		Retain: func(User) stream.Retention {
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: max(lastSeenTTL, s.HistoryTTL)}
		},
	}, ports.Store, ports.Deadlines, s.Now)
	return s
}

// rule is a change of a presence; false when it changes nothing.
type rule func(User) (User, bool, error)

// infallible adapts a change that refuses nothing to a rule.
func infallible(next User, changed bool) (User, bool, error) { return next, changed, nil }

// change applies a rule to a user's presence; a user without a presence begins offline.
func (s *Service) change(ctx context.Context, userID string, once *stream.Once, r rule) (User, error) {
	empty := User{ID: userID, Shown: wire.PresenceOffline}
	out, err := s.keeper.Upsert(ctx, userID, once, empty, func(u User) (User, []stream.Event, error) {
		next, changed, err := r(u)
		if err != nil || !changed {
			return u, nil, err
		}
		events, err := s.events(next)
		return next, events, err
	})
	if errors.Is(err, stream.ErrNotFound) {
		return User{}, wire.Invalid("userId", request.IDRule)
	}
	return out.State, err
}

// events returns the event with the presence as others see it, for the pods that watch the
// user.
func (s *Service) events(u User) ([]stream.Event, error) {
	data, err := json.Marshal(u.View(s.Rules, s.Now()))
	if err != nil {
		return nil, fmt.Errorf("encode a presence: %w", err)
	}
	return []stream.Event{{Name: wire.EventPresenceUpdate, Data: data}}, nil
}

// SessionOpened adds a session of a user.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Open(c.SessionID, s.Rules, s.Now())) })
	return err
}

// SessionClosed removes a session; it is idempotent.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, _ []stream.ID) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Close(c.SessionID, s.Rules, s.Now())) })
	return err
}

// Enter adds a place of a user: a match, a lobby or a queue.
func (s *Service) Enter(ctx context.Context, userID string, kind PlaceKind, id string) error {
	_, err := s.change(ctx, userID, nil, func(u User) (User, bool, error) { return infallible(u.Enter(kind, id, s.Rules, s.Now())) })
	return err
}

// Exit removes a place of a user.
func (s *Service) Exit(ctx context.Context, userID string, kind PlaceKind, id string) error {
	_, err := s.change(ctx, userID, nil, func(u User) (User, bool, error) { return infallible(u.Exit(kind, id, s.Rules, s.Now())) })
	return err
}

// Set changes the caller's status, text and data.
func (s *Service) Set(ctx context.Context, c request.Call, req *wire.PresenceSet) (User, error) {
	var once *stream.Once
	if c.Key != "" {
		once = &stream.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
	}
	return s.change(ctx, c.ID, once, func(u User) (User, bool, error) {
		return u.Set(c.SessionID, req, s.Rules, s.Now())
	})
}

// Act records activity of the caller on its connection.
func (s *Service) Act(ctx context.Context, c request.Caller) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Act(c.SessionID, s.Rules, s.Now())) })
	return err
}

// OnDeadline updates a user's presence at a deadline. It returns the next deadline; the zero time for
// none.
func (s *Service) OnDeadline(ctx context.Context, id stream.ID) (time.Time, error) {
	u, err := s.change(ctx, id.Name(), nil, func(u User) (User, bool, error) { return infallible(u.Tick(s.Rules, s.Now())) })
	if err != nil {
		return time.Time{}, err
	}
	next, _ := u.NextDeadline(s.Rules, s.Now())
	return next, nil
}

// User returns the presence of a user; offline for an unknown user.
func (s *Service) User(ctx context.Context, userID string) (User, error) {
	u, err := s.keeper.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return User{ID: userID}, nil
	}
	return u, err
}

// Hidden reports whether a user is invisible.
func (s *Service) Hidden(ctx context.Context, userID string) (bool, error) {
	u, err := s.User(ctx, userID)
	return u.Own == wire.PresenceInvisible, err
}

// SessionIDs returns the ids of a user's sessions, sorted.
func (s *Service) SessionIDs(ctx context.Context, userID string) ([]string, error) {
	u, err := s.User(ctx, userID)
	return slices.Sorted(maps.Keys(u.Sessions)), err
}

// Query returns the presences of users as others see them, in the given order.
func (s *Service) Query(ctx context.Context, userIDs []string) ([]wire.Presence, error) {
	users, err := s.users(ctx, userIDs)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	views := make([]wire.Presence, len(users))
	for i, u := range users {
		views[i] = u.View(s.Rules, now)
	}
	return views, nil
}

// Online returns how many of these users have a connection, invisible users included.
func (s *Service) Online(ctx context.Context, userIDs []string) (int, error) {
	users, err := s.users(ctx, userIDs)
	n := 0
	for _, u := range users {
		if u.Online() {
			n++
		}
	}
	return n, err
}

func (s *Service) users(ctx context.Context, userIDs []string) ([]User, error) {
	var (
		users   = make([]User, len(userIDs))
		errs    = make([]error, len(userIDs))
		reading sync.WaitGroup
		places  = make(chan struct{}, parallelReads)
	)
	for i, id := range userIDs {
		places <- struct{}{}
		reading.Go(func() {
			defer func() { <-places }()
			users[i], errs[i] = s.User(ctx, id)
		})
	}
	reading.Wait()
	return users, errors.Join(errs...)
}
