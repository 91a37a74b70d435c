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

// Kind is the kind of the inboxes' streams. Clients cannot follow them.
const Kind = "notify"

const (
	idSpace = "notify-id"
	// topicsTTL is how long the topics of a user who does not come back are kept.
	topicsTTL = 365 * 24 * time.Hour
	// pushMemory is how long it is known that something was told.
	pushMemory = 2 * time.Minute
	// parallelCalls is how many calls of the webhook a pod has under way, each for
	// callFor at most.
	parallelCalls = 16
	callTimeout   = 10 * time.Second
)

// Ports are what a Service works with.
type Ports struct {
	Store     stream.Store
	Names     stream.Names
	Sets      stream.Sets
	Deadlines stream.Deadlines
	// Connections tells of a user's connections.
	Connections func(ctx context.Context, userID string) (Connections, error)
	// Push gives an event to one session of this pod; a session that is gone gets nothing.
	// Nil pushes nothing.
	Push func(sessionID, event string, payload json.RawMessage)
	// Call tells the webhook of a notification; the id is the same each time that it is
	// tried. It is nil when there is none. An error is a *Declined when the webhook did
	// answer.
	Call func(ctx context.Context, id string, body []byte) error
}

// Settings of a Service.
type Settings struct {
	Rules
	// HistorySize events are kept of a user's stream, for HistoryTTL after the last.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long a keyed request is known to have been carried out.
	IdempotencyTTL time.Duration
	// TopicScopes lets users subscribe to a topic only with a scope for it.
	TopicScopes bool
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service keeps the inboxes. It is safe for concurrent use. Beside the *wire.Error of
// the rules, its methods return errors of the store.
type Service struct {
	Ports
	Settings
	keeper          *document.Keeper[Inbox]
	topicDeliveries *document.Keeper[topicDelivery]
	ids             ids.Minter
	teller          userstream.Teller
	calls           chan struct{}
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings, calls: make(chan struct{}, parallelCalls)}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.Rules.Call = s.Ports.Call != nil
	s.keeper = document.New(document.Kind[Inbox]{
		Name: Kind,
		At: func(b Inbox, at stream.Snapshot) Inbox {
			b.Version, b.Epoch = at.Seq, at.Epoch
			return b
		},
		NextLook: Inbox.NextLook,
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
	s.teller = userstream.Teller{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	return s
}

// rule is a change that is ready to be applied; false when there is nothing to do.
type rule func(Inbox) (Inbox, bool, error)

// infallible is a rule that cannot refuse.
func infallible(next Inbox, changed bool) (Inbox, bool, error) { return next, changed, nil }

// asTransition makes a rule of inboxes one of their documents.
func asTransition(r rule) document.Rule[Inbox] {
	return func(b Inbox) (Inbox, []stream.Event, error) {
		next, changed, err := r(b)
		if err != nil || !changed {
			return b, nil, err
		}
		return next, changedEvents(), nil
	}
}

// changedEvents says in the inbox's own stream, which nobody follows, that it changed.
func changedEvents() []stream.Event {
	return []stream.Event{{Name: "notify:changed", Data: json.RawMessage("{}")}}
}

// change applies a rule and tells the user's devices of what came of it. If telling
// fails it is done by a later Look, which is scheduled already. An inbox that is not
// there is empty, and made when the rule puts something in.
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

// tell tells the user's devices what changed since a time, and the badge; what was
// told before is not told again.
func (s *Service) pushChanges(ctx context.Context, b Inbox, since int64) error {
	var errs []error
	say := func(byUsers bool, event string, payload any, key string) {
		_, err := s.teller.Tell(ctx, b.UserID, userstream.Message{
			Cause: cause(byUsers), Event: event, Payload: payload, Once: &stream.Once{Scope: Kind, Key: key, TTL: pushMemory},
		})
		errs = append(errs, err)
	}
	for i, u := range b.Updates {
		if u.At >= since {
			say(u.ByUsers, wire.EventNotifyUpdated, u.NotifyUpdated, fmt.Sprintf("updated:%s:%d:%d", b.Epoch, u.Version, i))
		}
	}
	for _, i := range b.Items {
		if i.PushedAt >= since && i.PushedAt > 0 {
			say(i.ByUsers, wire.EventNotifyNew, wire.NotifyNew{Notification: i.View(), Replaces: i.Replaces}, fmt.Sprintf("new:%s:%d", i.ID, i.Pushes))
		}
	}
	say(b.ByUsers, wire.EventNotifyBadge, b.badge(), fmt.Sprintf("badge:%s:%d", b.Epoch, b.Version))
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

// Notify puts a notification into a user's inbox, and pushes it to the user's devices
// or keeps it until the user connects. It gives the notification's id; the same Key
// gives the same one. A user's notification that renews an earlier one is in the inbox under
// the id of that one.
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

// addNotification adds a notification that has an id. With topical it is only for a user who hears
// its topic; false when this one does not.
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

// load reads an inbox; one that is not there is empty.
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

// Look does what is due in an inbox, for stream.Deadlines: it tells when to look
// again, the zero time for never.
func (s *Service) Look(ctx context.Context, id stream.ID) (time.Time, error) {
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
	next, _ := b.NextLook(now)
	return next, nil
}

// repushBadge tells the badge once more after changes that came close together, whose
// badges may have been told in another order.
func (s *Service) repushBadge(ctx context.Context, b Inbox) {
	if b.Before == 0 || b.ChangedAt-b.Before > repushAfter.Milliseconds() {
		return
	}
	_, _ = s.teller.Tell(ctx, b.UserID, userstream.Message{
		Cause: cause(b.ByUsers), Event: wire.EventNotifyBadge, Payload: b.badge(),
		Once: &stream.Once{Scope: Kind, Key: fmt.Sprintf("settled:%s:%d", b.Epoch, b.Version), TTL: pushMemory},
	})
}
