package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of the inboxes' streams. Clients cannot subscribe to them.
const Kind = "notify"

const (
	idSpace = "notify-id"
	// topicsTTL is how long the topics of an absent user are kept.
	topicsTTL = 365 * 24 * time.Hour
	// pushMemory is how long the idempotency key of a push is remembered.
	pushMemory = 2 * time.Minute
	// parallelCalls bounds the concurrent webhook calls of a pod, with callTimeout each.
	parallelCalls = 16
	callTimeout   = 10 * time.Second
)

// Ports are the dependencies of a Service.
type Ports struct {
	Store     stream.Store
	Names     stream.Names
	Sets      stream.Sets
	Deadlines stream.Deadlines
	// Connections returns the connection state of a user.
	Connections func(ctx context.Context, userID string) (Connections, error)
	// Push pushes an event to one session of this pod, and does nothing for a session that has
	// ended. Nil pushes nothing.
	Push func(sessionID, event string, payload json.RawMessage)
	// Call calls the webhook for a notification; all attempts have the same id. Nil means no
	// webhook. The error is a *Declined when the webhook answered.
	Call func(ctx context.Context, id string, body []byte) error
}

// Settings are the settings of a Service.
type Settings struct {
	Rules
	// A user stream keeps HistorySize events, for HistoryTTL after the last event.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long an idempotency key is remembered.
	IdempotencyTTL time.Duration
	// TopicScopes requires a scope to subscribe to a topic.
	TopicScopes bool
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service manages the inboxes. It is safe for concurrent use. Its methods return the
// *wire.Error of the rules and the errors of the store.
type Service struct {
	Ports
	Settings
	keeper          *document.Repository[Inbox]
	topicDeliveries *document.Repository[topicDelivery]
	ids             ids.Minter
	users           userstream.Publisher
	calls           chan struct{}
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings, calls: make(chan struct{}, parallelCalls)}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.Rules.Call = s.Ports.Call != nil
	s.keeper = document.New(document.Type[Inbox]{
		Name: Kind,
		At: func(b Inbox, at stream.Snapshot) Inbox {
			b.Version, b.Epoch = at.Seq, at.Epoch
			return b
		},
		NextDeadline: Inbox.NextDeadline,
		Retain: func(b Inbox) stream.Retention {
			ttl := max(s.Retention, s.HistoryTTL)
			if len(b.Topics) > 0 {
				ttl = max(ttl, topicsTTL)
			}
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: ttl}
		},
	}, ports.Store, ports.Deadlines, s.Now)
	s.topicDeliveries = s.newTopicDeliveries()
	s.ids = ids.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	s.users = userstream.Publisher{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	return s
}

// rule is a change of an inbox; false when it changes nothing.
type rule func(Inbox) (Inbox, bool, error)

// infallible adapts a change that refuses nothing to a rule.
func infallible(next Inbox, changed bool) (Inbox, bool, error) { return next, changed, nil }

// asTransition converts a rule for the inbox's document.
func asTransition(r rule) document.Transition[Inbox] {
	return func(b Inbox) (Inbox, []stream.Event, error) {
		next, changed, err := r(b)
		if err != nil || !changed {
			return b, nil, err
		}
		return next, changedEvents(), nil
	}
}

// changedEvents returns the event of a change in the inbox's own stream, which has no
// subscribers.
func changedEvents() []stream.Event {
	return []stream.Event{{Name: "notify:changed", Data: json.RawMessage("{}")}}
}

// change applies a rule and pushes the changes to the user's devices. A failed push is repeated
// at a deadline that is already scheduled. A missing inbox is empty, and is created when the
// rule changes it.
func (s *Service) change(ctx context.Context, userID string, once *stream.Once, r rule) (Inbox, error) {
	out, err := s.keeper.Upsert(ctx, userID, once, Inbox{UserID: userID}, asTransition(r))
	if errors.Is(err, stream.ErrNotFound) {
		return Inbox{}, wire.Invalid("userId", request.IDRule)
	}
	if err != nil {
		return out.State, err
	}
	since := out.State.ChangedAt
	if out.Repeated {
		since -= repushAfter.Milliseconds()
	}
	if out.Changed() || out.Repeated {
		_ = s.pushChanges(ctx, out.State, since)
	}
	return out.State, nil
}

// pushChanges pushes the changes since a time and the badge to the user's devices. Each change
// is pushed once.
func (s *Service) pushChanges(ctx context.Context, b Inbox, since int64) error {
	var errs []error
	push := func(byUsers bool, event string, payload any, key string) {
		_, err := s.users.Publish(ctx, b.UserID, userstream.Message{
			Cause: cause(byUsers), Event: event, Payload: payload, Once: &stream.Once{Scope: Kind, Key: key, TTL: pushMemory},
		})
		errs = append(errs, err)
	}
	for i, u := range b.Updates {
		if u.At >= since {
			push(u.ByUsers, wire.EventNotifyUpdated, u.NotifyUpdated, fmt.Sprintf("updated:%s:%d:%d", b.Epoch, u.Version, i))
		}
	}
	for _, i := range b.Items {
		if i.PushedAt >= since && i.PushedAt > 0 {
			push(i.ByUsers, wire.EventNotifyNew, wire.NotifyNew{Notification: i.View(), Replaces: i.Replaces}, fmt.Sprintf("new:%s:%d", i.ID, i.Pushes))
		}
	}
	push(b.ByUsers, wire.EventNotifyBadge, b.badge(), fmt.Sprintf("badge:%s:%d", b.Epoch, b.Version))
	return errors.Join(errs...)
}

func cause(byUsers bool) userstream.Cause {
	if byUsers {
		return userstream.ByUsers
	}
	return userstream.ByServer
}

func (b Inbox) badge() wire.NotifyBadge {
	return wire.NotifyBadge{Unread: b.Unread(), Version: b.Version}
}

// Notify adds a notification to a user's inbox. It pushes the notification to the user's
// devices, or keeps it until the user connects. It returns the notification's id, the same for
// a repeat with the same Key. A user's notification that renews an earlier notification has the
// earlier id in the inbox.
func (s *Service) Notify(ctx context.Context, userID string, n Notification) (id string, err error) {
	if err := n.Check(); err != nil {
		return "", err
	}
	if n.ID, err = s.ids.ID(ctx, idSpace, userID, n.Key); err != nil {
		return "", err
	}
	_, err = s.addNotification(ctx, userID, n, false)
	return n.ID, err
}

// addNotification adds a notification that has an id. With topical it adds the notification
// only for a user who is subscribed to its topic; false for others.
func (s *Service) addNotification(ctx context.Context, userID string, n Notification, topical bool) (bool, error) {
	away, err := s.Connections(ctx, userID)
	if err != nil {
		return false, err
	}
	subscribed := true
	once := &stream.Once{Scope: Kind, Key: n.ID, TTL: s.IdempotencyTTL}
	_, err = s.change(ctx, userID, once, func(b Inbox) (Inbox, bool, error) {
		if subscribed = !topical || b.Subscribed(n.Topic); !subscribed {
			return b, false, nil
		}
		return infallible(b.Add(n, s.Rules, away.Online, s.Now()))
	})
	return subscribed, err
}

// load reads an inbox; a missing inbox is empty.
func (s *Service) load(ctx context.Context, userID string) (Inbox, error) {
	b, err := s.keeper.Load(ctx, userID)
	if errors.Is(err, stream.ErrNotFound) {
		return Inbox{UserID: userID}, nil
	}
	return b, err
}

func (s *Service) once(c request.Call) *stream.Once {
	if c.Key == "" {
		return nil
	}
	return &stream.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
}

// OnDeadline applies the due changes of an inbox at a deadline. It returns the next deadline; the
// zero time for none.
func (s *Service) OnDeadline(ctx context.Context, id stream.ID) (time.Time, error) {
	userID := id.Name()
	out, err := s.keeper.Change(ctx, userID, nil, asTransition(func(b Inbox) (Inbox, bool, error) { return infallible(b.Tick(s.Now())) }))
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	b := out.State
	now := s.Now()
	if b.ChangedAt > 0 && now.UnixMilli()-b.ChangedAt <= (pushMemory/2).Milliseconds() {
		if err := s.pushChanges(ctx, b, b.ChangedAt-2*repushAfter.Milliseconds()); err != nil {
			return time.Time{}, err
		}
		s.repushBadge(ctx, b)
	}
	if b.hasDueCall(now) {
		if b, err = s.startDueCalls(ctx, b); err != nil {
			return time.Time{}, err
		}
	}
	next, _ := b.NextDeadline(now)
	return next, nil
}

// repushBadge pushes the badge again after changes in quick succession, whose badges may have
// been pushed out of order.
func (s *Service) repushBadge(ctx context.Context, b Inbox) {
	if b.Before == 0 || b.ChangedAt-b.Before > repushAfter.Milliseconds() {
		return
	}
	_, _ = s.users.Publish(ctx, b.UserID, userstream.Message{
		Cause: cause(b.ByUsers), Event: wire.EventNotifyBadge, Payload: b.badge(),
		Once: &stream.Once{Scope: Kind, Key: fmt.Sprintf("settled:%s:%d", b.Epoch, b.Version), TTL: pushMemory},
	})
}
