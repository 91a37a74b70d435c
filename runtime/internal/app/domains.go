package app

import (
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// domains is what the server offers to clients.
type domains struct {
	router       *session.Router
	snapshotters map[string]session.Snapshotter
	features     map[string]bool
}

// domains registers the handlers of all features that are switched on.
func (a *App) domains(k *core, watcher *presence.Watcher) domains {
	f := a.settings.config.Features
	d := domains{
		router:       session.NewRouter(),
		snapshotters: map[string]session.Snapshotter{},
		features: map[string]bool{
			"lobby": f.Lobby, "chat": f.Chat, "party": f.Lobby || f.Matchmaking,
			"matchmaking": a.matchmaking(), "presence": f.Presence, "notifications": f.Notifications,
		},
	}
	if d.features["lobby"] {
		h := lobby.NewHandlers(k.lobbies)
		registerLobby(d.router, h)
		d.snapshotters[lobby.Kind] = h
		d.snapshotters[lobby.ListKind] = lobby.NewLists(k.lobbies)
	} else {
		d.router.Off("lobby", "lobby")
	}
	if d.features["party"] {
		h := party.NewHandlers(k.parties)
		registerParty(d.router, h)
		d.snapshotters[party.Kind] = h
	} else {
		d.router.Off("party", "lobby")
	}
	if d.features["matchmaking"] {
		registerMatchmaking(d.router, matchmaking.NewHandlers(k.queues))
	} else {
		d.router.Off("mm", "matchmaking")
	}
	if d.features["chat"] {
		h := chat.NewHandlers(k.chats)
		registerChat(d.router, h)
		d.snapshotters[chat.Kind] = h
	} else {
		d.router.Off("chat", "chat")
	}
	if d.features["presence"] {
		registerPresence(d.router, presence.NewHandlers(k.users, watcher))
	} else {
		d.router.Off("presence", "presence")
	}
	if d.features["notifications"] {
		registerNotify(d.router, notify.NewHandlers(k.inbox))
	} else {
		d.router.Off("notify", "notifications")
	}
	return d
}

func registerLobby(r *session.Router, h *lobby.Handlers) {
	session.Handle(r, wire.EventLobbyCreate, h.Create)
	session.Handle(r, wire.EventLobbyGet, h.Get)
	session.Handle(r, wire.EventLobbyMine, h.Mine)
	session.Handle(r, wire.EventLobbyJoin, h.Join)
	session.Handle(r, wire.EventLobbyLeave, h.Leave)
	session.Handle(r, wire.EventLobbyUpdate, h.Update)
	session.Handle(r, wire.EventLobbySetMember, h.SetMember)
	session.Handle(r, wire.EventLobbyReady, h.Ready)
	session.Handle(r, wire.EventLobbyKick, h.Kick)
	session.Handle(r, wire.EventLobbyEnd, h.End)
	session.Handle(r, wire.EventLobbyTransferHost, h.TransferHost)
	session.Handle(r, wire.EventLobbyBan, h.Ban)
	session.Handle(r, wire.EventLobbyUnban, h.Unban)
	session.Handle(r, wire.EventLobbyVoteKick, h.VoteKick)
	session.Handle(r, wire.EventLobbyInvite, h.Invite)
	session.Handle(r, wire.EventLobbyRespondInvite, h.RespondInvite)
	session.Handle(r, wire.EventLobbyRequestJoin, h.RequestJoin)
	session.Handle(r, wire.EventLobbyRespondJoin, h.RespondJoin)
	session.Handle(r, wire.EventLobbyRegenerateCode, h.RegenerateCode)
	session.Handle(r, wire.EventLobbyStart, h.Start)
	session.Handle(r, wire.EventLobbyCancelStart, h.CancelStart)
	session.Handle(r, wire.EventLobbyClose, h.Close)
	session.Handle(r, wire.EventLobbySearch, h.Search)
	session.Handle(r, wire.EventLobbyWatch, h.Watch)
	session.Handle(r, wire.EventLobbyUnwatch, h.Unwatch)
	session.Handle(r, wire.EventLobbyQuickJoin, h.QuickJoin)
}

func registerPresence(r *session.Router, h *presence.Handlers) {
	session.Handle(r, wire.EventPresenceSet, h.Set)
	session.Handle(r, wire.EventPresenceGet, h.Get)
	session.Handle(r, wire.EventPresenceSubscribe, h.Subscribe)
	session.Handle(r, wire.EventPresenceUnsubscribe, h.Unsubscribe)
	session.Handle(r, wire.EventPresenceActivity, h.Activity)
}

func registerNotify(r *session.Router, h *notify.Handlers) {
	session.Handle(r, wire.EventNotifyList, h.List)
	session.Handle(r, wire.EventNotifyAck, h.Ack)
	session.Handle(r, wire.EventNotifyRead, h.Read)
	session.Handle(r, wire.EventNotifyDelete, h.Delete)
	session.Handle(r, wire.EventNotifySubscribe, h.Subscribe)
	session.Handle(r, wire.EventNotifyUnsubscribe, h.Unsubscribe)
}

func registerParty(r *session.Router, h *party.Handlers) {
	session.Handle(r, wire.EventPartyCreate, h.Create)
	session.Handle(r, wire.EventPartyGet, h.Get)
	session.Handle(r, wire.EventPartyInvite, h.Invite)
	session.Handle(r, wire.EventPartyRespondInvite, h.RespondInvite)
	session.Handle(r, wire.EventPartyJoin, h.Join)
	session.Handle(r, wire.EventPartyLeave, h.Leave)
	session.Handle(r, wire.EventPartyKick, h.Kick)
	session.Handle(r, wire.EventPartyPromote, h.Promote)
	session.Handle(r, wire.EventPartySetMember, h.SetMember)
	session.Handle(r, wire.EventPartyBan, h.Ban)
	session.Handle(r, wire.EventPartyUnban, h.Unban)
	session.Handle(r, wire.EventPartyUpdate, h.Update)
	session.Handle(r, wire.EventPartyReady, h.Ready)
	session.Handle(r, wire.EventPartyNewCode, h.RegenerateCode)
}

// matchmaking reports whether queues are served: matches go into lobbies.
func (a *App) matchmaking() bool {
	f := a.settings.config.Features
	return f.Matchmaking && f.Lobby
}

func registerMatchmaking(r *session.Router, h *matchmaking.Handlers) {
	session.Handle(r, wire.EventMMQueues, h.Queues)
	session.Handle(r, wire.EventMMEnqueue, h.Enqueue)
	session.Handle(r, wire.EventMMCancel, h.Cancel)
	session.Handle(r, wire.EventMMStatus, h.Status)
	session.Handle(r, wire.EventMMAccept, h.Accept)
	session.Handle(r, wire.EventMMDecline, h.Decline)
	session.Handle(r, wire.EventMMBackfill, h.Backfill)
}

func registerChat(r *session.Router, h *chat.Handlers) {
	session.Handle(r, wire.EventChatJoin, h.Join)
	session.Handle(r, wire.EventChatLeave, h.Leave)
	session.Handle(r, wire.EventChatSend, h.Send)
	session.Handle(r, wire.EventChatEdit, h.Edit)
	session.Handle(r, wire.EventChatDelete, h.Delete)
	session.Handle(r, wire.EventChatReact, h.React)
	session.Handle(r, wire.EventChatHistory, h.History)
	session.Handle(r, wire.EventChatChannels, h.Channels)
	session.Handle(r, wire.EventChatRead, h.Read)
	session.Handle(r, wire.EventChatTyping, h.Typing)
	session.Handle(r, wire.EventChatMute, h.Mute)
	session.Handle(r, wire.EventChatUnmute, h.Unmute)
}
