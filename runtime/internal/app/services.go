package app

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"

	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/wire"
)

// addServices constructs the domains from the bottom up: each gets the domains that it builds on.
func (a *App) addServices(k *core) {
	k.users = a.newPresence(k.client)
	k.whereabouts = newWhereabouts(k.users, a.log)
	if a.settings.config.Features.Notifications {
		k.inbox = a.newNotify(k.client, k.users)
	}
	n := notices{k.inbox, away(k.users), a.log}
	k.lobbies = a.newLobbies(k, n)
	k.parties = a.newParties(k, n)
	k.queues = a.newQueues(k, n)
	k.matcher = matchmaking.NewMatcher(k.queues)
	k.chats = a.newChats(k, n)
}

func (a *App) newLobbies(k *core, n notices) *lobby.Service {
	r := a.settings.config.Recovery
	ports := lobby.Ports{
		Store: k.client.Store(), Names: k.client.Names(), Sets: k.client.Sets(), Deadlines: k.client.Deadlines(),
		Policies: a.rules, Budgets: k.budgets, Index: k.client.Lobbies(), Events: lobbyEvents{k.whereabouts, n},
		Companions: func(ctx context.Context, leaderID, partyID string) ([]lobbyrules.Actor, error) {
			return companions(ctx, k.parties, leaderID, partyID)
		},
	}
	return lobby.NewService(ports, lobby.Settings{
		HistorySize: r.HistorySize, HistoryTTL: r.HistoryTTL.Duration, IdempotencyTTL: r.IdempotencyTTL.Duration,
	})
}

func (a *App) newParties(k *core, n notices) *party.Service {
	r := a.settings.config.Recovery
	ports := party.Ports{
		Store: k.client.Store(), Names: k.client.Names(), Sets: k.client.Sets(), Deadlines: k.client.Deadlines(),
		Budgets: k.budgets,
		Events:  partyEvents{k, n},
	}
	return party.NewService(ports, party.Settings{
		HistorySize: r.HistorySize, HistoryTTL: r.HistoryTTL.Duration, IdempotencyTTL: r.IdempotencyTTL.Duration,
	})
}

func (a *App) newQueues(k *core, n notices) *matchmaking.Service {
	c := a.settings.config
	store := k.client.Store()
	places := venues{k.lobbies, c.PolicySecretsDir, c.Cluster.Namespace, a.settings.hooks, time.Now}
	ports := matchmaking.Ports{
		Records: k.client.Records(matchmaking.TicketsTable), Store: store, Caster: store, Names: k.client.Names(), Sets: k.client.Sets(),
		Queues: a.rules, Parties: k.parties, Handoffs: places, CheckLobbyLimit: places.checkLobbyLimit,
		Events: matchmakingEvents{k.whereabouts, n},
	}
	return matchmaking.NewService(ports, matchmaking.Settings{
		Pod: a.pod, HistorySize: c.Recovery.HistorySize, HistoryTTL: c.Recovery.HistoryTTL.Duration,
		IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration, Log: a.log,
	})
}

// lobbyEvents passes the events of lobbies to presence and to the inboxes.
type lobbyEvents struct {
	*whereabouts
	notices notices
}

// Notify implements lobby.Events.
func (e lobbyEvents) Notify(ctx context.Context, userID string, n lobby.Notice) error {
	if e.notices.inbox == nil {
		return nil
	}
	return e.notices.Notify(ctx, userID, n)
}

// partyEvents passes the events of parties to matchmaking and to the inboxes.
type partyEvents struct {
	core    *core
	notices notices
}

// MembersChanged implements party.Events.
func (e partyEvents) MembersChanged(ctx context.Context, p partyrules.Party) {
	e.core.queues.PartyChanged(ctx, p)
}

// Invited implements party.Events.
func (e partyEvents) Invited(ctx context.Context, userID string, i wire.PartyInvited) {
	if e.notices.inbox != nil {
		e.notices.inviteToParty(ctx, userID, i)
	}
}

// matchmakingEvents passes the events of matchmaking to presence and to the inboxes.
type matchmakingEvents struct {
	presence *whereabouts
	notices  notices
}

// Searching implements matchmaking.Events.
func (e matchmakingEvents) Searching(ctx context.Context, ticketID string, userIDs []string, searching bool) error {
	return e.presence.Searching(ctx, ticketID, userIDs, searching)
}

// Matched implements matchmaking.Events. Without notifications it does nothing.
func (e matchmakingEvents) Matched(ctx context.Context, id string, userIDs []string, matched wire.MMMatched) error {
	if e.notices.inbox == nil {
		return nil
	}
	return e.notices.matched(ctx, id, userIDs, matched)
}

func (a *App) newChats(k *core, n notices) *chat.Service {
	r := a.settings.config.Recovery
	return chat.NewService(k.client.Store(), channels{
		"lobby": lobbyChannels(k.lobbies, a.rules), "party": partyChannels(k.parties),
		chat.DirectKind: directChannel, "topic": topicChannel,
	}, chat.Settings{
		HistorySize: r.HistorySize, HistoryTTL: r.HistoryTTL.Duration,
		IdempotencyTTL: r.IdempotencyTTL.Duration, Revision: a.rules.revision,
		Deadlines: k.client.Deadlines(), Hidden: k.users.Hidden, MemberChannels: a.chatsOf(k), Events: a.newChatNotices(n),
	})
}

// companions are the others of a party, for its leader only.
func companions(ctx context.Context, parties *party.Service, leaderID, partyID string) ([]lobbyrules.Actor, error) {
	p, err := parties.Led(ctx, partyID, leaderID)
	if err != nil {
		return nil, err
	}
	var others []lobbyrules.Actor
	for _, id := range p.Users() {
		if id != leaderID {
			others = append(others, lobbyrules.Actor{ID: id, Name: p.Members[id].Name})
		}
	}
	return others, nil
}
