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

// Kind is the kind of the users' presence streams. Clients cannot follow them; they
// subscribe to users.
const Kind = "presence"

// StreamID is the presence stream of a user.
func StreamID(userID string) stream.ID { return stream.ID(Kind + ":" + userID) }

const (
	// lastSeenTTL is how long it is known when a user was last seen.
	lastSeenTTL = 30 * 24 * time.Hour
	// parallelReads is how many presences are read at the same time.
	parallelReads = 16
)

// Ports are what a Service works with.
type Ports struct {
	Store     stream.Store
	Deadlines stream.Deadlines
}

// Settings of a Service.
type Settings struct {
	Rules
	// HistoryTTL is how long a stream's log is kept; it holds only the last event.
	HistoryTTL time.Duration
	// IdempotencyTTL is how long a keyed request is known to have been carried out.
	IdempotencyTTL time.Duration
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service carries what happens to the users' presence streams. It is safe for
// concurrent use. Beside the *wire.Error of the rules, its methods return errors of
// the store.
type Service struct {
	Ports
	Settings
	keeper *document.Keeper[User]
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.keeper = document.New(document.Kind[User]{
		Name:     Kind,
		At:       func(u User, _ stream.Snapshot) User { return u },
		NextLook: func(u User, now time.Time) (time.Time, bool) { return u.NextLook(s.Rules, now) },
		Retain: func(User) stream.Retention {
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: max(lastSeenTTL, s.HistoryTTL)}
		},
	}, ports.Store, ports.Deadlines, s.Now)
	return s
}

// rule is a change that is ready to be applied; false when there is nothing to do.
type rule func(User) (User, bool, error)

// infallible is a rule that cannot refuse.
func infallible(next User, changed bool) (User, bool, error) { return next, changed, nil }

// change applies a rule to a user; one of whom nothing is known begins empty.
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

// events carry what others see to the pods that watch the user.
func (s *Service) events(u User) ([]stream.Event, error) {
	data, err := json.Marshal(u.View(s.Rules, s.Now()))
	if err != nil {
		return nil, fmt.Errorf("encode a presence: %w", err)
	}
	return []stream.Event{{Name: wire.EventPresenceUpdate, Data: data}}, nil
}

// SessionOpened enters a session of a user's.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Open(c.SessionID, s.Rules, s.Now())) })
	return err
}

// SessionClosed strikes a session off; it may be repeated.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, _ []stream.ID) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Close(c.SessionID, s.Rules, s.Now())) })
	return err
}

// Enter notes that the platform has put a user somewhere: into a match, a lobby or a
// queue.
func (s *Service) Enter(ctx context.Context, userID string, kind PlaceKind, id string) error {
	_, err := s.change(ctx, userID, nil, func(u User) (User, bool, error) { return infallible(u.Enter(kind, id, s.Rules, s.Now())) })
	return err
}

// Exit takes that back.
func (s *Service) Exit(ctx context.Context, userID string, kind PlaceKind, id string) error {
	_, err := s.change(ctx, userID, nil, func(u User) (User, bool, error) { return infallible(u.Exit(kind, id, s.Rules, s.Now())) })
	return err
}

// Set changes what the caller says of itself.
func (s *Service) Set(ctx context.Context, c request.Call, req *wire.PresenceSet) (User, error) {
	var once *stream.Once
	if c.Key != "" {
		once = &stream.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
	}
	return s.change(ctx, c.ID, once, func(u User) (User, bool, error) {
		return u.Set(c.SessionID, req, s.Rules, s.Now())
	})
}

// Act notes that the caller did something on its connection.
func (s *Service) Act(ctx context.Context, c request.Caller) error {
	_, err := s.change(ctx, c.ID, nil, func(u User) (User, bool, error) { return infallible(u.Act(c.SessionID, s.Rules, s.Now())) })
	return err
}

// Look notes that time has passed for a user, for stream.Deadlines: it tells when to
// look again, the zero time for never.
func (s *Service) Look(ctx context.Context, id stream.ID) (time.Time, error) {
	u, err := s.change(ctx, id.Name(), nil, func(u User) (User, bool, error) { return infallible(u.Tick(s.Rules, s.Now())) })
	if err != nil {
		return time.Time{}, err
	}
	next, _ := u.NextLook(s.Rules, s.Now())
	return next, nil
}

// User is what is known of a user; of one of whom nothing is, that it is offline.
func (s *Service) User(ctx context.Context, userID string) (User, error) {
	u, err := s.keeper.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return User{ID: userID}, nil
	}
	return u, err
}

// Hidden tells whether a user is invisible.
func (s *Service) Hidden(ctx context.Context, userID string) (bool, error) {
	u, err := s.User(ctx, userID)
	return u.Own == wire.PresenceInvisible, err
}

// SessionIDs are the ids of a user's sessions, sorted.
func (s *Service) SessionIDs(ctx context.Context, userID string) ([]string, error) {
	u, err := s.User(ctx, userID)
	return slices.Sorted(maps.Keys(u.Sessions)), err
}

// Query gives what others see of users, in the order asked.
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

// Online counts the users among these who have a connection, invisible ones too.
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
