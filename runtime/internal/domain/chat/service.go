package chat

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a channel's stream.
const Kind = "chat"

// StreamID returns the stream of a channel.
func StreamID(channel string) stream.ID { return stream.ID(Kind + ":" + channel) }

// Access authorizes callers for channels.
type Access interface {
	// Channel returns the policy of a channel to a caller who may read it and write in it. To
	// others it returns a *wire.Error: not_found for a channel that does not exist or that the
	// caller must not know of, otherwise the reason of the refusal.
	Channel(ctx context.Context, caller request.Caller, channel string) (Policy, error)
}

// Settings are the settings of a Service.
type Settings struct {
	// HistorySize and HistoryTTL are the minimum retention of every stream, so that clients can
	// resume. The policy of a channel may keep more.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long the idempotency key of a message is remembered.
	IdempotencyTTL time.Duration
	// Revision returns the policy revision. When it changes, all cached policies are invalid.
	// Nil means that policies never change.
	Revision func() string
	// Deadlines schedule the announcements of read marks, whose push may be lost with a pod.
	Deadlines stream.Deadlines
	// MemberChannels lists the channels of a caller that are not direct. Nil means none.
	MemberChannels func(ctx context.Context, caller request.Caller) ([]string, error)
	// Events receives the events of the domain; nil for no receiver.
	Events Events
	// Hidden reports whether a user is invisible. The server hides from others that such a
	// user types, and how far it has read. Nil means that no user is invisible.
	Hidden func(ctx context.Context, userID string) (bool, error)
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service sends messages to channels and reads them. It is safe for concurrent use. It returns
// *wire.Error and the errors of the store.
type Service struct {
	Settings
	store          stream.Store
	caster         stream.Caster
	bars           stream.Bars
	access         Access
	users          userstream.Publisher
	policies       *policyCache
	typing         *typingThrottle
	directLists    *document.Repository[directList]
	recentlyListed *recentlyListed
}

// Store is the part of the database that a Service uses.
type Store interface {
	stream.Store
	stream.Caster
	stream.Bars
}

// NewService makes a Service.
func NewService(store Store, who Access, settings Settings) *Service {
	s := &Service{
		Settings: settings, store: store, caster: store, bars: store, access: who,
		users:    userstream.Publisher{Store: store, HistorySize: settings.HistorySize, HistoryTTL: settings.HistoryTTL},
		policies: newPolicyCache(), typing: newTypingThrottle(),
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.directLists, s.recentlyListed = s.newDirectLists(), newRecentlyListed()
	return s
}

// Sent is a committed message.
type Sent struct {
	ID string
	At stream.Position
	TS int64
}

// Send appends a message. For a connection that is subscribed to the channel it uses the cached
// policy, and authorizes any other connection.
func (s *Service) Send(ctx context.Context, c request.Call, req *wire.ChatSend) (Sent, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return Sent{}, err
	}
	message, err := s.compose(ctx, c, policy, req)
	if err != nil {
		return Sent{}, err
	}
	result, err := s.commit(ctx, c, policy, stream.Commit{
		Once: s.once(c, message.ID), Rate: policy.rate(c.ID),
	}, req.Channel, amendment{wire.EventChatMessage, message})
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{ID: message.ID, At: result.Position, TS: result.TS}
	if result.Repeated {
		sent.ID = string(result.Value)
	}
	return sent, errors.Join(s.addToDirectLists(ctx, policy, c.ID, req.Channel), s.notifyRecipients(ctx, policy, message, sent))
}

// compose makes the message of a request and applies the filters.
func (s *Service) compose(ctx context.Context, c request.Call, p Policy, req *wire.ChatSend) (wire.ChatMessage, error) {
	m, err := Compose(p, *req)
	if err != nil {
		return m, err
	}
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return m, fmt.Errorf("make a message id: %w", err)
	}
	m.ID, m.UserID, m.Name = id.String(), c.ID, c.Name
	if len(m.Mentions) > 0 {
		if err := s.checkMentions(ctx, p, m); err != nil {
			return m, err
		}
	}
	if err := s.checkReply(ctx, m); err != nil {
		return m, err
	}
	m.Text, err = text.Run(ctx, p.Filters, Draft{
		ID: m.ID, Channel: m.Channel, UserID: m.UserID, Name: m.Name, Type: m.Type, Text: m.Text, Data: m.Data,
	})
	return m, err
}

// checkReply refuses a replyTo beyond the channel's last seq: a later message would get that
// seq, and the answer would refer to it. The message itself may have left the history.
func (s *Service) checkReply(ctx context.Context, m wire.ChatMessage) error {
	if m.ReplyTo == 0 {
		return nil
	}
	now, err := s.store.Load(ctx, StreamID(m.Channel))
	if err != nil && !errors.Is(err, stream.ErrNotFound) {
		return err
	}
	if m.ReplyTo > now.Seq {
		return wire.Invalid("replyTo", "no message of this channel has this seq")
	}
	return nil
}

// Edit replaces the content of the caller's message.
func (s *Service) Edit(ctx context.Context, c request.Call, req *wire.ChatEdit) (Message, stream.Result, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return Message{}, stream.Result{}, err
	}
	m, _, err := s.message(ctx, req.ChatTarget)
	if err != nil {
		return m, stream.Result{}, err
	}
	if _, err = m.Edit(policy, c.ID, req.Text, req); err != nil {
		result, err := s.recallRepeated(ctx, c, req.Channel, err)
		return m, result, err
	}
	said, err := text.Run(ctx, policy.Filters, Draft{
		ID: m.ID, Channel: m.Channel, UserID: c.ID, Name: c.Name, Type: m.Type, Text: req.Text, Data: req.Data,
	})
	if err != nil {
		return m, stream.Result{}, err
	}
	return s.amend(ctx, c, policy, req.ChatTarget, func(m Message) (amendment, error) {
		e, err := m.Edit(policy, c.ID, said, req)
		return amendment{wire.EventChatEdited, e}, err
	})
}

// Delete deletes a message. It does nothing to a deleted message.
func (s *Service) Delete(ctx context.Context, c request.Call, req *wire.ChatDelete) (Message, stream.Result, error) {
	policy, err := s.Authorize(ctx, c.Caller, req.Channel)
	if err != nil {
		return Message{}, stream.Result{}, err
	}
	m, result, err := s.amend(ctx, c, policy, req.ChatTarget, func(m Message) (amendment, error) {
		e, news, err := m.Delete(policy, c.ID, req)
		if !news {
			return amendment{}, err
		}
		return amendment{wire.EventChatDeleted, e}, err
	})
	if err != nil {
		return m, result, err
	}
	return m, result, s.withdrawNotices(ctx, c, policy, m)
}

// React adds or removes a reaction, and returns the number of users with that reaction.
func (s *Service) React(ctx context.Context, c request.Call, req *wire.ChatReact) (int, stream.Result, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return 0, stream.Result{}, err
	}
	count := 0
	_, result, err := s.amend(ctx, c, policy, req.ChatTarget, func(m Message) (amendment, error) {
		e, news, err := m.React(c.ID, req)
		count = e.Count
		if !news {
			return amendment{}, err
		}
		return amendment{wire.EventChatReaction, e}, err
	})
	return count, result, err
}

// policy returns the policy of a channel to a caller who may send. A cached policy never has
// the right to moderate: a method that needs that right calls Authorize.
func (s *Service) policy(ctx context.Context, c request.Call, channel string) (Policy, error) {
	if c.Streams.Follows(StreamID(channel)) {
		if policy, ok := s.policies.get(policyKey{c.Rights(), channel}, s.revision(), s.Now()); ok {
			return policy, nil
		}
	}
	return s.Authorize(ctx, c.Caller, channel)
}

// Authorize returns the policy of a channel to a caller who may use it, and caches the policy.
func (s *Service) Authorize(ctx context.Context, caller request.Caller, channel string) (Policy, error) {
	if marksID(channel).Validate() != nil {
		return Policy{}, channelNotFound()
	}
	of, revision := policyKey{caller.Rights(), channel}, s.revision()
	policy, err := s.access.Channel(ctx, caller, channel)
	if err == nil && !policy.Enabled {
		err = wire.Refuse(wire.CodePermissionDenied, "there is no chat in this channel")
	}
	if err != nil {
		s.policies.forget(of)
		return Policy{}, err
	}
	if !caller.Backend {
		s.policies.put(of, policy, revision, s.Now())
	}
	return policy, nil
}

func (s *Service) revision() string {
	if s.Revision == nil {
		return ""
	}
	return s.Revision()
}

func channelNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such channel") }

func (s *Service) retention(p Policy) stream.Retention {
	ttl := max(s.HistoryTTL, p.HistoryTTL)
	quiet := cmp.Or(p.IdleTTL, stream.Lasting)
	return stream.Retention{LogSize: max(s.HistorySize, p.HistorySize), LogTTL: ttl, TTL: max(quiet, ttl)}
}

// once returns the Once of a keyed request; its value is the message's id. It is nil for a
// request without a key.
func (s *Service) once(c request.Call, id string) *stream.Once {
	if c.Key == "" {
		return nil
	}
	return &stream.Once{Scope: c.ID, Key: c.Key, Value: []byte(id), TTL: s.IdempotencyTTL}
}

func (p Policy) rate(user string) *stream.Rate {
	if p.SlowMode > 0 && !p.Moderator {
		return &stream.Rate{Key: user, Events: 1, Per: p.SlowMode}
	}
	if p.RateMessages <= 0 || p.RatePer <= 0 {
		return nil
	}
	return &stream.Rate{Key: user, Events: p.RateMessages, Per: p.RatePer}
}

// A user may do actionsPerPeriod actions (edits, deletions, reactions, mutes) in any
// actionPeriod in a channel, independent of the policy's rate of messages.
const (
	actionsPerPeriod = 20
	actionPeriod     = 10 * time.Second
)

// actionRate returns the rate of a user's actions. No user id contains a NUL, so no user has
// this key for messages.
func actionRate(user string) *stream.Rate {
	return &stream.Rate{Key: "actions\x00" + user, Events: actionsPerPeriod, Per: actionPeriod}
}

// Position returns the current position of a channel's stream.
func (s *Service) Position(ctx context.Context, channel string) (stream.Snapshot, error) {
	now, err := s.store.Load(ctx, StreamID(channel))
	if errors.Is(err, stream.ErrNotFound) {
		return stream.Snapshot{}, nil
	}
	return now, err
}

// withMeta returns a message as it was pushed, with the meta of its record.
func withMeta(channel string, r stream.Record) (json.RawMessage, error) {
	meta, err := json.Marshal(meta(channel, r.Position, r.TS))
	if err != nil {
		return nil, fmt.Errorf("encode the place of a message: %w", err)
	}
	body, ok := bytes.CutSuffix(bytes.TrimSpace(r.Data), []byte("}"))
	if !ok || len(body) < 2 {
		return nil, fmt.Errorf("message %d of %s is not a JSON object with members", r.Seq, channel)
	}
	out := make([]byte, 0, len(body)+len(meta)+len(`,"meta":}`))
	out = append(append(append(out, body...), `,"meta":`...), meta...)
	return append(out, '}'), nil
}

func meta(channel string, at stream.Position, ts int64) *wire.Meta {
	return &wire.Meta{Stream: string(StreamID(channel)), Epoch: at.Epoch, Seq: at.Seq, TS: ts}
}
