package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/check"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// judge reads the whole state at the end, as each user and over the server API.
func (r *run) judge() {
	r.trace.Note(trace.Phase, check.FinalPhase)
	var reading sync.WaitGroup
	for _, u := range r.stayers() {
		reading.Go(func() { r.readBy(u) })
	}
	reading.Wait()
	for _, kind := range []string{"arena", "casual", "match"} {
		r.readLobbies(kind)
	}
	r.readChannels()
}

// readBy reads a user's lobbies, party, tickets and inbox.
func (r *run) readBy(u *user) {
	d := u.devices[len(u.devices)-1]
	for _, l := range u.views() {
		u.ask(d, wire.EventLobbyGet, m{"lobbyId": l.ID}, false, "")
	}
	u.ask(d, wire.EventPartyGet, m{}, false, "")
	u.ask(d, wire.EventMMStatus, m{}, false, "")
	for cursor := ""; ; {
		body := m{"limit": 100}
		if cursor != "" {
			body["cursor"] = cursor
		}
		o := u.ask(d, wire.EventNotifyList, body, false, "")
		if cursor = o.text("cursor"); cursor == "" {
			return
		}
	}
}

// readLobbies reads all lobbies of a type.
func (r *run) readLobbies(kind string) {
	for after, page := "", 0; ; page++ {
		body := m{"type": kind, "limit": 100}
		if after != "" {
			body["after"] = after
		}
		data, _ := r.api.post(fmt.Sprintf("final-%s-%d", kind, page), "/v1/lobbies:query", body)
		if after = (outcome{data: data}).text("next"); after == "" {
			return
		}
	}
}

// readChannels reads the history of every channel, as a user with access.
func (r *run) readChannels() {
	channels := make(map[string]bool)
	r.board.mu.Lock()
	for _, m := range r.board.messages {
		channels[m.channel] = true
	}
	r.board.mu.Unlock()
	for _, channel := range slices.Sorted(maps.Keys(channels)) {
		if u := r.reader(channel); u != nil {
			r.readHistory(u, channel)
		}
	}
}

// reader returns a connected user with access to a channel.
func (r *run) reader(channel string) *user {
	for _, u := range r.stayers() {
		switch parts := strings.Split(channel, ":"); parts[0] {
		case "direct":
			if !slices.Contains(parts[1:], u.name) {
				continue
			}
		case "lobby":
			if !slices.ContainsFunc(u.views(), func(l lobbyView) bool { return l.ID == parts[1] }) {
				continue
			}
		case "party":
			if u.party == nil || u.party.ID != parts[1] {
				continue
			}
		}
		return u
	}
	return nil
}

// readHistory reads a channel from its end to its beginning.
func (r *run) readHistory(u *user, channel string) {
	for before := uint64(0); ; {
		body := m{"channel": channel, "limit": 100}
		if before > 0 {
			body["before"] = before
		}
		o := u.ask(u.devices[0], wire.EventChatHistory, body, false, "")
		var page struct {
			Messages []wire.ChatMessage
			HasMore  bool
		}
		if o.is != trace.OK || json.Unmarshal(o.data, &page) != nil || !page.HasMore || len(page.Messages) == 0 {
			return
		}
		before = page.Messages[0].Meta.Seq
	}
}
