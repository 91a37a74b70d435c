package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
)

// user is a user: its devices, and its view of its own state, from which its acts are
// chosen. With an outdated view, an act is refused.
type user struct {
	run     *run
	plan    plan.User
	name    string
	token   string
	devices []*device

	mu        sync.Mutex
	calls     int
	lobbies   map[string]lobbyView
	party     *wire.Party
	tickets   map[string]wire.MMTicket
	proposals map[string]bool
	invites   []string // of lobbies
	partyAsks []string // invites of parties
	notes     []string // ids in the inbox
	sent      []message
	want      wishes
}

// wishes are the user's last successful or possibly successful settings.
type wishes struct {
	text    string
	certain bool
}

// lobbyView is a lobby as the user last received it.
type lobbyView struct {
	wire.Lobby
	raw json.RawMessage
}

// message is a position in a channel.
type message struct {
	channel string
	seq     uint64
	id      string
}

func (u *user) nextKey(event string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	return fmt.Sprintf("%s-%d-%s", u.name, u.calls, strings.ReplaceAll(event, ":", "-"))
}

// other returns another device of the user, if there is one.
func (u *user) other(d *device) *device {
	for _, o := range u.devices {
		if o != d {
			return o
		}
	}
	return d
}

// learn updates the view with a device's event.
func (s *session) learn(event string, data json.RawMessage) {
	u := s.device.user
	u.mu.Lock()
	defer u.mu.Unlock()
	var v struct {
		Lobby        json.RawMessage      `json:"lobby"`
		Party        *wire.Party          `json:"party"`
		Ticket       *wire.MMTicket       `json:"ticket"`
		Notification *struct{ ID string } `json:"notification"`
		LobbyID      string               `json:"lobbyId"`
		PartyID      string               `json:"partyId"`
		InviteID     string               `json:"inviteId"`
		ProposalID   string               `json:"proposalId"`
		Reason       string               `json:"reason"`
		Version      uint64               `json:"version"`
		Changes      []wire.Presence      `json:"changes"`
		Handoff      *wire.MMHandoff      `json:"handoff"`
	}
	if json.Unmarshal(data, &v) != nil {
		return
	}
	if len(v.Lobby) > 0 {
		u.seeLobby(v.Lobby)
	}
	if v.Party != nil {
		u.seeParty(v.Party)
	}
	if v.Ticket != nil {
		u.tickets[v.Ticket.ID] = *v.Ticket
	}
	switch event {
	case wire.EventLobbyPatch, wire.EventLobbyStarting, wire.EventLobbyHandoff:
		u.patchLobby(data)
	case wire.EventPartyPatch:
		u.patchParty(data)
	case wire.EventLobbyRemoved:
		if s.device.track.CameBack("lobby:"+v.LobbyID, v.Version) {
			return
		}
		delete(u.lobbies, v.LobbyID)
		s.unfollowAt("lobby:"+v.LobbyID, v.Version, "removed: "+v.Reason)
		s.unfollow("chat:lobby:"+v.LobbyID, "removed: "+v.Reason)
	case wire.EventPartyRemoved:
		if s.device.track.CameBack("party:"+v.PartyID, v.Version) {
			return
		}
		if u.party != nil && u.party.ID == v.PartyID {
			u.party = nil
		}
		s.unfollowAt("party:"+v.PartyID, v.Version, "removed: "+v.Reason)
		s.unfollow("chat:party:"+v.PartyID, "removed: "+v.Reason)
	case wire.EventLobbyInvited:
		u.invites = appendNew(u.invites, v.InviteID)
	case wire.EventPartyInvited:
		u.partyAsks = appendNew(u.partyAsks, v.InviteID)
	case wire.EventMMProposal:
		u.proposals[v.ProposalID] = true
	case wire.EventMMMatched:
		if v.Handoff != nil && v.Handoff.LobbyID != "" {
			u.lobbies[v.Handoff.LobbyID] = lobbyView{Lobby: wire.Lobby{ID: v.Handoff.LobbyID, Type: "match"}}
		}
	case wire.EventLobbyJoined:
		u.lobbies[v.LobbyID] = lobbyView{Lobby: wire.Lobby{ID: v.LobbyID}}
	case wire.EventNotifyNew:
		if v.Notification != nil {
			u.notes = appendNew(u.notes, v.Notification.ID)
		}
	case wire.EventPresenceUpdate:
		s.device.mu.Lock()
		for _, p := range v.Changes {
			s.device.watched[p.UserID] = p
		}
		s.device.mu.Unlock()
	}
}

func appendNew(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// seeLobby processes a whole state of a lobby.
func (u *user) seeLobby(raw json.RawMessage) {
	v := lobbyView{raw: raw}
	if json.Unmarshal(raw, &v.Lobby) != nil {
		return
	}
	u.run.board.lobby(v.Lobby)
	if _, in := v.Members[u.name]; !in || v.Status == wire.LobbyClosed {
		delete(u.lobbies, v.ID)
		return
	}
	if old, known := u.lobbies[v.ID]; !known || old.Version <= v.Version {
		u.lobbies[v.ID] = v
	}
}

func (u *user) seeParty(p *wire.Party) {
	u.run.board.party(*p)
	if _, in := p.Members[u.name]; in && !p.Closed {
		u.party = p
	} else if u.party != nil && u.party.ID == p.ID {
		u.party = nil
	}
}

// patchLobby applies a patch to the user's view, if it is the next one.
func (u *user) patchLobby(data json.RawMessage) {
	var p wire.LobbyPatch
	if json.Unmarshal(data, &p) != nil {
		return
	}
	v, known := u.lobbies[p.LobbyID]
	if !known || len(v.raw) == 0 || v.Version != p.From {
		return
	}
	if raw, err := apply(v.raw, p.Ops); err == nil {
		u.seeLobby(raw)
	}
}

func (u *user) patchParty(data json.RawMessage) {
	var p wire.PartyPatch
	if u.party == nil || json.Unmarshal(data, &p) != nil || p.PartyID != u.party.ID || p.From != u.party.Version {
		return
	}
	old, _ := json.Marshal(u.party)
	raw, err := apply(old, p.Ops)
	party := new(wire.Party)
	if err == nil && json.Unmarshal(raw, party) == nil {
		u.seeParty(party)
	}
}

// apply applies the operations of a JSON Patch.
func apply(doc json.RawMessage, ops []wire.PatchOp) (json.RawMessage, error) {
	text, err := json.Marshal(ops)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return nil, err
	}
	return patch.Apply(doc)
}

// board is the common knowledge of all users: the existing lobbies, parties and messages.
type board struct {
	mu       sync.Mutex
	lobbies  map[string]wire.Lobby
	password map[string]string
	parties  map[string]wire.Party
	messages []message
	knocks   [][2]string // lobby and user of requests to join
}

func newBoard() *board {
	return &board{lobbies: make(map[string]wire.Lobby), password: make(map[string]string), parties: make(map[string]wire.Party)}
}

func (b *board) lobby(l wire.Lobby) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.lobbies[l.ID]; old.Version <= l.Version {
		if l.Code == "" {
			l.Code = old.Code // non-members do not see the code
		}
		b.lobbies[l.ID] = l
	}
}

func (b *board) party(p wire.Party) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.parties[p.ID].Version <= p.Version {
		b.parties[p.ID] = p
	}
}

// pickLobby chooses an open lobby of a type; "" is any type.
func (b *board) pickLobby(kind string, pick float64) (wire.Lobby, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []string
	for _, id := range slices.Sorted(maps.Keys(b.lobbies)) {
		if l := b.lobbies[id]; l.Status == wire.LobbyOpen && (kind == "" || l.Type == kind) && l.Type != "match" {
			open = append(open, id)
		}
	}
	id, ok := choose(open[max(0, len(open)-12):], pick) // the newest
	return b.lobbies[id], ok
}

func (b *board) pickParty(pick float64) (wire.Party, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := slices.Sorted(maps.Keys(b.parties))
	id, ok := choose(ids[max(0, len(ids)-10):], pick)
	return b.parties[id], ok
}

func (b *board) say(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
}

// choose chooses an element of a list by a number from 0 to below 1.
func choose[T any](all []T, pick float64) (one T, ok bool) {
	if len(all) == 0 {
		return one, false
	}
	return all[int(pick*float64(len(all)))], true
}

// knowsTicketEnds reports whether the user knows the end of each of its tickets.
func (u *user) knowsTicketEnds() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, t := range u.tickets {
		switch t.State {
		case wire.TicketSearching, wire.TicketProposed, wire.TicketAccepted:
			return false
		}
	}
	return true
}
