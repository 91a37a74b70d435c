package app

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The scopes of chat.
const (
	// scopeModerate lets a user mute others, and delete their messages, in every channel
	// that it may use.
	scopeModerate = "chat:moderate"
	// scopeTopic and the topic's name, or an asterisk for all topics, let a user in.
	scopeTopic = "chat:topic:"
)

// openChannel tells by what policy a caller may use the channel with this id; the
// refusals are *wire.Error.
type openChannel func(ctx context.Context, caller request.Caller, id string) (chat.Policy, error)

// channels is chat.Access: it knows who decides about a kind of channels, which is the
// part of a channel's name before the first colon.
type channels map[string]openChannel

// Channel implements chat.Access.
func (c channels) Channel(ctx context.Context, caller request.Caller, channel string) (chat.Policy, error) {
	kind, id, _ := strings.Cut(channel, ":")
	open, known := c[kind]
	if !known || id == "" {
		return chat.Policy{}, wire.Refuse(wire.CodeNotFound, "there is no such channel")
	}
	p, err := open(ctx, caller, id)
	p.ModeratorByScope = caller.Has(scopeModerate)
	p.Moderator = p.Moderator || p.ModeratorByScope
	return p, err
}

// lobbyQuiet and partyQuiet are how long the channels of lobbies and of parties may be
// quiet: they are many, and end.
const (
	lobbyQuiet = 24 * time.Hour
	partyQuiet = 7 * 24 * time.Hour
)

// lobbyChannels opens the channels of lobbies to their members. The host moderates.
func lobbyChannels(lobbies *lobby.Service, rules *policies) openChannel {
	return func(ctx context.Context, caller request.Caller, id string) (chat.Policy, error) {
		l, err := lobbies.Chat(ctx, caller, id)
		if err != nil {
			return chat.Policy{}, err
		}
		p := l.Policy.Chat
		return chat.Policy{
			Enabled: p.Enabled, MaxLength: p.MaxLength, HistorySize: p.HistorySize, HistoryTTL: p.HistoryTTL, IdleTTL: lobbyQuiet,
			RateMessages: p.RateMessages, RatePer: p.RatePer, SlowMode: p.SlowMode, Edit: p.Edit,
			Filters: rules.filters(l.Policy.Type), Moderator: l.HostID == caller.ID,
		}, nil
	}
}

// partyChannels opens the channels of parties to their members. The leader moderates.
func partyChannels(parties *party.Service) openChannel {
	return func(ctx context.Context, caller request.Caller, id string) (chat.Policy, error) {
		p, err := parties.Chat(ctx, caller, id)
		if err != nil {
			return chat.Policy{}, err
		}
		policy := ownPolicy()
		policy.IdleTTL = partyQuiet
		policy.Moderator = p.LeaderID == caller.ID
		return policy, nil
	}
}

// ownPolicy is what channels go by that no LobbyPolicy is for: the defaults of one.
func ownPolicy() chat.Policy {
	return chat.Policy{
		Enabled: true, MaxLength: 1000, HistorySize: 200, HistoryTTL: 24 * time.Hour,
		RateMessages: 5, RatePer: 5 * time.Second, Edit: true,
	}
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// topicChannel opens "topic:{name}" to those whose token says so.
func topicChannel(_ context.Context, caller request.Caller, name string) (chat.Policy, error) {
	switch {
	case !topicName.MatchString(name):
		return chat.Policy{}, wire.Refuse(wire.CodeNotFound, "there is no such channel")
	case !caller.Backend && !caller.Has(scopeTopic+name) && !caller.Has(scopeTopic+"*"):
		return chat.Policy{}, wire.Refuse(wire.CodePermissionDenied, "your token has no scope "+scopeTopic+name)
	}
	p := ownPolicy()
	p.UnknownMembers = true
	return p, nil
}
