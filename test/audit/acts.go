package audit

import (
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
)

type m = map[string]any

// act performs a step of the plan. An act that is impossible in the user's current state
// is replaced by a message in a topic.
func (u *user) act(s plan.Step) {
	d := u.devices[s.Device]
	if do := acts[s.Op]; do != nil && do(u, d, s) {
		return
	}
	u.send(d, "topic:news", s)
}

// acts are the acts by their names in the plan. Each reports whether it was possible.
var acts = map[string]func(u *user, d *device, s plan.Step) bool{
	"lobby:enter":          enterLobby,
	"lobby:create":         createLobby,
	"lobby:join":           joinLobby,
	"lobby:joinCode":       joinLobbyByCode,
	"lobby:joinParty":      joinLobbyAsParty,
	"lobby:rejoin":         rejoinLobby,
	"lobby:quickJoin":      quickJoin,
	"lobby:leave":          inLobby(wire.EventLobbyLeave, nil),
	"lobby:kick":           onMember(wire.EventLobbyKick),
	"lobby:ban":            onMember(wire.EventLobbyBan),
	"lobby:unban":          onAnybody(wire.EventLobbyUnban),
	"lobby:voteKick":       onMember(wire.EventLobbyVoteKick),
	"lobby:transferHost":   onMember(wire.EventLobbyTransferHost),
	"lobby:invite":         onAnybody(wire.EventLobbyInvite),
	"lobby:ready":          inLobby(wire.EventLobbyReady, func(s plan.Step) m { return m{"ready": s.Pick[1] < 0.7} }),
	"lobby:setMember":      inLobby(wire.EventLobbySetMember, func(s plan.Step) m { return m{"attributes": m{"mood": word(s.Pick[1])}} }),
	"lobby:update":         inLobby(wire.EventLobbyUpdate, updateLobby),
	"lobby:end":            inLobby(wire.EventLobbyEnd, func(s plan.Step) m { return m{"result": m{"mood": word(s.Pick[1])}} }),
	"lobby:role":           inLobby(wire.EventLobbySetMember, changeRole),
	"lobby:swap":           onMemberAs(wire.EventLobbySetMember, "swapWith"),
	"lobby:close":          inLobby(wire.EventLobbyClose, nil),
	"lobby:start":          inLobby(wire.EventLobbyStart, nil),
	"lobby:regenerateCode": inLobby(wire.EventLobbyRegenerateCode, nil),
	"lobby:respondInvite":  respondLobbyInvite,
	"lobby:requestJoin":    requestJoin,
	"lobby:respondJoin":    respondJoin,
	"lobby:get":            getLobby,
	"lobby:search": func(u *user, d *device, s plan.Step) bool {
		u.ask(d, wire.EventLobbySearch, m{"type": lobbyType(s.Pick[0])}, false, s.Repeat)
		return true
	},
	"lobby:watch": func(u *user, d *device, s plan.Step) bool {
		u.ask(d, wire.EventLobbyWatch, m{"type": lobbyType(s.Pick[0])}, false, s.Repeat)
		return true
	},
	"party:enter":  enterParty,
	"party:invite": onPartyUser(wire.EventPartyInvite, false),
	"party:kick":   onPartyUser(wire.EventPartyKick, true),
	"party:ban":    onPartyUser(wire.EventPartyBan, true),
	"party:unban":  onPartyUser(wire.EventPartyUnban, false),
	"party:ready":  withParty(wire.EventPartyReady, func(s plan.Step) m { return m{"ready": s.Pick[1] < 0.7} }),
	"party:update": withParty(wire.EventPartyUpdate, func(s plan.Step) m {
		return m{"set": m{"joinable": s.Pick[1] < 0.8, "attributes": m{"mood": word(s.Pick[2])}}}
	}),
	"party:regenerateCode": withParty(wire.EventPartyNewCode, func(plan.Step) m { return m{} }),
	"party:promote":        onPartyUser(wire.EventPartyPromote, true),
	"party:respondInvite":  respondPartyInvite,
	"party:join":           joinParty,
	"party:leave": func(u *user, d *device, s plan.Step) bool {
		return u.inParty(func(p wire.Party) { u.ask(d, wire.EventPartyLeave, m{"partyId": p.ID}, true, s.Repeat) })
	},
	"party:setMember": func(u *user, d *device, s plan.Step) bool {
		return u.inParty(func(p wire.Party) {
			u.ask(d, wire.EventPartySetMember, m{"partyId": p.ID, "attributes": m{"mood": word(s.Pick[1])}}, true, s.Repeat)
		})
	},
	"party:get": func(u *user, d *device, s plan.Step) bool {
		u.ask(d, wire.EventPartyGet, m{}, false, s.Repeat)
		return true
	},
}

// word chooses a word.
func word(pick float64) string {
	w, _ := choose([]string{"calm", "keen", "odd", "glad", "shy"}, pick)
	return w
}

func lobbyType(pick float64) string {
	if pick < 0.5 {
		return "arena"
	}
	return "casual"
}

// views returns the lobbies in the user's view.
func (u *user) views() []lobbyView {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []lobbyView
	for _, id := range slices.Sorted(maps.Keys(u.lobbies)) {
		all = append(all, u.lobbies[id])
	}
	return all
}

// inLobby returns an act on a lobby of the user.
func inLobby(event string, more func(plan.Step) m) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		l, ok := choose(u.views(), s.Pick[0])
		if !ok {
			return false
		}
		body := m{"lobbyId": l.ID}
		if more != nil {
			maps.Copy(body, more(s))
		}
		o := u.ask(d, event, body, true, s.Repeat)
		if gone(o) || o.is == trace.OK && event == wire.EventLobbyLeave {
			u.forget(l.ID)
		}
		return true
	}
}

// gone reports whether a refusal means that the user is not a member.
func gone(o outcome) bool {
	return o.err != nil && (o.err.Code == wire.CodeNotFound || o.err.Reason == wire.ReasonNotMember || o.err.Reason == wire.ReasonLobbyClosed)
}

func (u *user) forget(lobby string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.lobbies, lobby)
}

func updateLobby(s plan.Step) m {
	switch {
	case s.Pick[1] < 0.5:
		return m{"set": m{"attributes": m{"map": word(s.Pick[2])}}}
	case s.Pick[1] < 0.7:
		return m{"set": m{"maxMembers": 2 + int(3*s.Pick[2])}}
	case s.Pick[1] < 0.85:
		return m{"set": m{"locked": s.Pick[2] < 0.3}}
	}
	return m{"set": m{"name": word(s.Pick[2])}}
}

// onMember returns an act on another member of a lobby.
func onMember(event string) func(*user, *device, plan.Step) bool { return onMemberAs(event, "userId") }

// onMemberAs is onMember with another name for the member in the request.
func onMemberAs(event, field string) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		l, ok := choose(u.views(), s.Pick[0])
		others := slices.DeleteFunc(slices.Sorted(maps.Keys(l.Members)), func(name string) bool { return name == u.name })
		other, some := choose(others, s.Pick[1])
		if !ok || !some {
			return false
		}
		u.ask(d, event, m{"lobbyId": l.ID, field: other}, true, s.Repeat)
		return true
	}
}

// changeRole makes a spectator a player, or the reverse.
func changeRole(s plan.Step) m {
	role, _ := choose([]string{"member", "member", "spectator"}, s.Pick[1])
	return m{"role": role}
}

// onAnybody returns an act of a lobby on any user.
func onAnybody(event string) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		l, ok := choose(u.views(), s.Pick[0])
		other, _ := choose(u.run.users, s.Pick[1])
		if !ok || other == u {
			return false
		}
		u.ask(d, event, m{"lobbyId": l.ID, "userId": other.name}, true, s.Repeat)
		return true
	}
}

// enterLobby joins a user without a lobby to a lobby, or creates one; other users stay.
func enterLobby(u *user, d *device, s plan.Step) bool {
	if len(u.views()) > 0 {
		return false
	}
	if s.Pick[3] < 0.5 && joinLobby(u, d, s) {
		return true
	}
	return createLobby(u, d, s)
}

func createLobby(u *user, d *device, s plan.Step) bool {
	body := m{"type": lobbyType(s.Pick[0]), "attributes": m{"map": word(s.Pick[1])}, "member": m{"attributes": m{"mood": word(s.Pick[2])}}}
	password := ""
	if s.Pick[3] < 0.15 {
		password = "sesame"
		body["password"] = password
	}
	o := u.ask(d, wire.EventLobbyCreate, body, true, s.Repeat)
	if id := o.text("lobby", "id"); id != "" && password != "" {
		u.run.board.mu.Lock()
		u.run.board.password[id] = password
		u.run.board.mu.Unlock()
	}
	return true
}

// enter joins a lobby of the board.
func (u *user) enter(d *device, s plan.Step, l wire.Lobby, body m) {
	u.run.board.mu.Lock()
	if password := u.run.board.password[l.ID]; password != "" {
		body["password"] = password
	}
	u.run.board.mu.Unlock()
	u.ask(d, wire.EventLobbyJoin, body, true, s.Repeat)
}

func joinLobby(u *user, d *device, s plan.Step) bool {
	l, ok := u.run.board.pickLobby("", s.Pick[0])
	if ok {
		body := m{"lobbyId": l.ID, "member": m{"attributes": m{"mood": word(s.Pick[1])}}}
		if s.Pick[2] < 0.05 {
			body = m{"lobbyId": l.ID, "as": "spectator"}
		}
		u.enter(d, s, l, body)
	}
	return ok
}

func joinLobbyByCode(u *user, d *device, s plan.Step) bool {
	l, ok := u.run.board.pickLobby("", s.Pick[0])
	if ok = ok && l.Code != ""; ok {
		u.enter(d, s, l, m{"code": l.Code})
	}
	return ok
}

func joinLobbyAsParty(u *user, d *device, s plan.Step) bool {
	l, ok := u.run.board.pickLobby("", s.Pick[0])
	return ok && u.inParty(func(p wire.Party) { u.enter(d, s, l, m{"lobbyId": l.ID, "partyId": p.ID}) })
}

// rejoinLobby leaves a lobby and joins it again at once, on another device if the user
// has one.
func rejoinLobby(u *user, d *device, s plan.Step) bool {
	l, ok := choose(u.views(), s.Pick[0])
	if !ok || l.Type == "match" {
		return false
	}
	u.ask(d, wire.EventLobbyLeave, m{"lobbyId": l.ID}, true, "")
	u.enter(u.devices[int(s.Pick[1]*float64(len(u.devices)))], s, l.Lobby, m{"lobbyId": l.ID})
	return true
}

func quickJoin(u *user, d *device, s plan.Step) bool {
	body := m{"type": lobbyType(s.Pick[0])}
	if s.Pick[1] < 0.6 {
		body["createIfNone"] = m{"name": "quick"}
	}
	u.ask(d, wire.EventLobbyQuickJoin, body, true, s.Repeat)
	return true
}

func respondLobbyInvite(u *user, d *device, s plan.Step) bool {
	invite, ok := u.take(&u.invites)
	if ok {
		u.ask(d, wire.EventLobbyRespondInvite, m{"inviteId": invite, "accept": s.Pick[0] < 0.8}, true, s.Repeat)
	}
	return ok
}

// take removes the newest entry of a list.
func (u *user) take(list *[]string) (one string, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := len(*list)
	if n == 0 {
		return "", false
	}
	one = (*list)[n-1]
	*list = (*list)[:n-1]
	return one, true
}

func requestJoin(u *user, d *device, s plan.Step) bool {
	l, ok := u.run.board.pickLobby("", s.Pick[0])
	if !ok {
		return false
	}
	u.ask(d, wire.EventLobbyRequestJoin, m{"lobbyId": l.ID}, true, s.Repeat)
	u.run.board.mu.Lock()
	u.run.board.knocks = append(u.run.board.knocks, [2]string{l.ID, u.name})
	u.run.board.mu.Unlock()
	return true
}

func respondJoin(u *user, d *device, s plan.Step) bool {
	u.run.board.mu.Lock()
	var mine [][2]string
	for _, k := range u.run.board.knocks {
		if u.run.board.lobbies[k[0]].HostID == u.name {
			mine = append(mine, k)
		}
	}
	u.run.board.mu.Unlock()
	k, ok := choose(mine, s.Pick[0])
	if ok {
		u.ask(d, wire.EventLobbyRespondJoin, m{"lobbyId": k[0], "userId": k[1], "accept": s.Pick[1] < 0.8}, true, s.Repeat)
	}
	return ok
}

func getLobby(u *user, d *device, s plan.Step) bool {
	l, ok := choose(u.views(), s.Pick[0])
	if ok {
		if o := u.ask(d, wire.EventLobbyGet, m{"lobbyId": l.ID}, false, s.Repeat); gone(o) {
			u.forget(l.ID)
		}
	}
	return ok
}

// inParty performs an act in the user's party, if the user has one.
func (u *user) inParty(do func(wire.Party)) bool {
	u.mu.Lock()
	party := u.party
	u.mu.Unlock()
	if party == nil {
		return false
	}
	do(*party)
	return true
}

// withParty returns an act on the user's party.
func withParty(event string, more func(plan.Step) m) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		return u.inParty(func(p wire.Party) {
			body := more(s)
			body["partyId"] = p.ID
			u.ask(d, event, body, true, s.Repeat)
		})
	}
}

func enterParty(u *user, d *device, s plan.Step) bool {
	if u.inParty(func(wire.Party) {}) {
		return false
	}
	if s.Pick[3] < 0.5 && joinParty(u, d, s) {
		return true
	}
	u.ask(d, wire.EventPartyCreate, m{"maxMembers": 2 + int(3*s.Pick[0])}, true, s.Repeat)
	return true
}

func joinParty(u *user, d *device, s plan.Step) bool {
	p, ok := u.run.board.pickParty(s.Pick[0])
	if ok {
		u.ask(d, wire.EventPartyJoin, m{"code": p.Code}, true, s.Repeat)
	}
	return ok
}

func respondPartyInvite(u *user, d *device, s plan.Step) bool {
	invite, ok := u.take(&u.partyAsks)
	if ok {
		u.ask(d, wire.EventPartyRespondInvite, m{"inviteId": invite, "accept": s.Pick[0] < 0.8}, true, s.Repeat)
	}
	return ok
}

// onPartyUser returns an act of a party on a member, or on any user.
func onPartyUser(event string, member bool) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		return u.inParty(func(p wire.Party) {
			other, _ := choose(u.run.users, s.Pick[1])
			name := other.name
			if member {
				name, _ = choose(slices.Sorted(maps.Keys(p.Members)), s.Pick[1])
			}
			if name != u.name {
				u.ask(d, event, m{"partyId": p.ID, "userId": name}, true, s.Repeat)
			}
		})
	}
}
