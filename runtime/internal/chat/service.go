package chat

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Kind is the kind of a channel's stream.
const Kind = "chat"

// StreamID is the stream of a channel.
func StreamID(channel string) stream.ID { return stream.ID(Kind + ":" + channel) }

// Access says who may use which channel.
type Access interface {
	// Channel gives the policy of a channel to those who may read it and write in
	// it. To others it gives a *wire.Error: not_found for what does not exist or must
	// not be known of, or why it is not for them.
	Channel(ctx context.Context, caller identity.Caller, channel string) (Policy, error)
}

// Settings of a Service.
type Settings struct {
	// HistorySize and HistoryTTL are what every stream keeps so that clients can
	// resume; a channel keeps more where its policy says so.
	HistorySize int
	HistoryTTL  time.Duration
	// IdempotencyTTL is how long a keyed message is known to have been sent.
	IdempotencyTTL time.Duration
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}

// Service sends messages to channels and reads them back. It is safe for
// concurrent use. Beside *wire.Error it returns the errors of the store.
type Service struct {
	Settings
	store    stream.Store
	access   Access
	policies *policies
}

// NewService makes a Service.
func NewService(store stream.Store, access Access, settings Settings) *Service {
	s := &Service{Settings: settings, store: store, access: access, policies: newPolicies()}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

// Sent is a message that was committed.
type Sent struct {
	ID string
	At stream.Position
	TS int64
}

// Send appends a message. A connection that follows the channel is let through by
// what is remembered of it; any other is looked up.
func (s *Service) Send(ctx context.Context, c command.Call, req *wire.ChatSend) (Sent, error) {
	policy, err := s.policy(ctx, c, req.Channel)
	if err != nil {
		return Sent{}, err
	}
	message, err := Compose(policy, *req)
	if err != nil {
		return Sent{}, err
	}
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return Sent{}, fmt.Errorf("make a message id: %w", err)
	}
	message.ID, message.UserID, message.Name = id.String(), c.ID, c.Name
	data, err := json.Marshal(message)
	if err != nil {
		return Sent{}, fmt.Errorf("encode a message: %w", err)
	}
	result, err := s.store.Commit(ctx, stream.Commit{
		Stream: StreamID(req.Channel),
		Events: []stream.Event{{Name: wire.EventChatMessage, Data: data}},
		Retain: s.retain(policy), Once: s.once(c, message.ID), Rate: policy.rate(c.ID),
	})
	if err != nil {
		return Sent{}, tooOften(err)
	}
	sent := Sent{ID: message.ID, At: result.Position, TS: result.TS}
	if result.Repeated {
		sent.ID = string(result.Value)
	}
	return sent, nil
}

// policy is what a channel goes by, for those who may send.
func (s *Service) policy(ctx context.Context, c command.Call, channel string) (Policy, error) {
	if c.Streams.Follows(StreamID(channel)) {
		if policy, ok := s.policies.get(c.ID, channel, s.Now()); ok {
			return policy, nil
		}
	}
	return s.Open(ctx, c.Caller, channel)
}

// Open asks whether a user may use a channel, and remembers by what policy.
func (s *Service) Open(ctx context.Context, caller identity.Caller, channel string) (Policy, error) {
	if StreamID(channel).Validate() != nil {
		return Policy{}, noChannel()
	}
	policy, err := s.access.Channel(ctx, caller, channel)
	if err == nil && !policy.Enabled {
		err = wire.Refuse(wire.CodePermissionDenied, "there is no chat in this channel")
	}
	if err != nil {
		s.policies.forget(caller.ID, channel)
		return Policy{}, err
	}
	s.policies.put(caller.ID, channel, policy, s.Now())
	return policy, nil
}

func noChannel() error { return wire.Refuse(wire.CodeNotFound, "there is no such channel") }

func (s *Service) retain(p Policy) stream.Retention {
	ttl := max(s.HistoryTTL, p.HistoryTTL)
	return stream.Retention{LogSize: max(s.HistorySize, p.HistorySize), LogTTL: ttl, TTL: ttl}
}

// once lets a keyed message happen once; what is remembered of it is its id.
func (s *Service) once(c command.Call, id string) *stream.Once {
	if c.Key == "" {
		return nil
	}
	return &stream.Once{Scope: c.ID, Key: c.Key, Value: []byte(id), TTL: s.IdempotencyTTL}
}

func (p Policy) rate(user string) *stream.Rate {
	if p.RateMessages <= 0 || p.RatePer <= 0 {
		return nil
	}
	return &stream.Rate{Key: user, Events: p.RateMessages, Per: p.RatePer}
}

// tooOften gives the sender of too many messages the time to wait.
func tooOften(err error) error {
	var spent *stream.RateError
	if !errors.As(err, &spent) {
		return err
	}
	refusal := wire.Refuse(wire.CodeRateLimited, "too many messages in this channel")
	// Rounded up, so that a client that waits as told is not early.
	refusal.RetryAfterMs = (spent.RetryAfter + time.Millisecond - 1).Milliseconds()
	return refusal
}

// Position is where a channel's stream is now.
func (s *Service) Position(ctx context.Context, channel string) (stream.Snapshot, error) {
	now, err := s.store.Load(ctx, StreamID(channel))
	if errors.Is(err, stream.ErrNotFound) {
		return stream.Snapshot{}, nil
	}
	return now, err
}

// History reads a page of what was said.
func (s *Service) History(ctx context.Context, caller identity.Caller, req *wire.ChatHistory) (wire.ChatPage, error) {
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return wire.ChatPage{}, err
	}
	if req.Before > 0 && req.After > 0 {
		return wire.ChatPage{}, wire.Invalid("after", "give either before or after")
	}
	policy, err := s.Open(ctx, caller, req.Channel)
	if err != nil || policy.HistorySize <= 0 {
		return wire.ChatPage{Messages: []json.RawMessage{}}, err
	}
	page, err := s.store.Page(ctx, StreamID(req.Channel), stream.PageQuery{Before: req.Before, After: req.After, Limit: limit})
	if err != nil {
		return wire.ChatPage{}, err
	}
	out := wire.ChatPage{Messages: make([]json.RawMessage, 0, len(page.Records)), HasMore: page.More}
	for _, r := range page.Records {
		message, err := withMeta(req.Channel, r)
		if err != nil {
			return wire.ChatPage{}, err
		}
		out.Messages = append(out.Messages, message)
	}
	return out, nil
}

// withMeta is a message as it was pushed: with its place in the stream.
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

// LobbyOf is the lobby that a channel belongs to; false when it is not a lobby's.
func LobbyOf(channel string) (lobbyID string, ok bool) {
	return strings.CutPrefix(channel, "lobby:")
}
