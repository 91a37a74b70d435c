//go:build faults

package faults

import (
	"fmt"
	"strings"
)

// request is a keyed request that is ready to be sent, with its effect.
type request struct {
	by   *user
	body object
	// once is the event that the request has on a stream, read by a user.
	once effect
	// bounds checks the state after the request; nil when the events suffice.
	bounds func(answer ack)
}

// effect is an event that a stream has exactly once after a request.
type effect struct {
	reader *user
	from   place
	event  string
	// has are texts in the event's data.
	has []string
}

// Every round has separate users: ann is the host of the lobby and the leader of the
// party, bob and cid are the other members.
type row func(r *round) request

// rows has every keyed request of the contract; a test compares it with the schema.
var rows = map[string]row{
	"chat:send": func(r *round) request {
		channel, from := r.chat()
		return request{by: r.bob, body: object{"channel": channel, "text": "one"}, once: effect{r.ann, from, "chat:message", []string{`"text":"one"`}}}
	},
	"chat:edit": func(r *round) request {
		channel, _ := r.chat()
		said := r.bob.must(0, "chat:send", object{"channel": channel, "text": "one"})
		return request{
			by: r.bob, body: object{"channel": channel, "seq": said.place().Seq, "text": "two"},
			once: effect{r.ann, said.place(), "chat:edited", nil},
		}
	},
	"chat:delete": func(r *round) request {
		channel, _ := r.chat()
		said := r.bob.must(0, "chat:send", object{"channel": channel, "text": "one"})
		return request{
			by: r.bob, body: object{"channel": channel, "seq": said.place().Seq},
			once: effect{r.ann, said.place(), "chat:deleted", nil},
		}
	},
	"chat:react": func(r *round) request {
		channel, _ := r.chat()
		said := r.ann.must(0, "chat:send", object{"channel": channel, "text": "one"})
		return request{
			by: r.bob, body: object{"channel": channel, "seq": said.place().Seq, "reaction": "+1"},
			once: effect{r.ann, said.place(), "chat:reaction", nil},
		}
	},
	"chat:mute": func(r *round) request {
		channel, from := r.chat()
		return request{by: r.ann, body: object{"channel": channel, "userId": r.bob.name}, once: effect{r.ann, from, "chat:muted", nil}}
	},
	"chat:unmute": func(r *round) request {
		channel, _ := r.chat()
		muted := r.ann.must(0, "chat:mute", object{"channel": channel, "userId": r.bob.name})
		return request{by: r.ann, body: object{"channel": channel, "userId": r.bob.name}, once: effect{r.ann, muted.place(), "chat:muted", nil}}
	},

	"lobby:create": func(r *round) request {
		return request{by: r.ann, body: object{"type": "arena"}, bounds: r.inOneLobby(r.ann)}
	},
	"lobby:join": func(r *round) request {
		lobby, from := r.lobby(r.ann)
		return request{
			by: r.bob, body: object{"lobbyId": lobby}, bounds: r.inOneLobby(r.bob),
			once: effect{r.ann, from, "lobby:patch", []string{`"type":"member_joined"`, r.bob.name}},
		}
	},
	"lobby:quickJoin": func(r *round) request {
		for _, host := range []*user{r.ann, r.cid, r.dan} {
			lobby, _ := r.lobby(host)
			host.must(0, "lobby:update", object{"lobbyId": lobby, "set": object{"attributes": object{"round": r.name}}})
		}
		return request{
			by: r.bob, bounds: r.inOneLobby(r.bob),
			body: object{"type": "arena", "filter": object{"attributes.round": object{"eq": r.name}}, "createIfNone": object{}},
		}
	},
	"lobby:leave": func(r *round) request {
		lobby, _ := r.lobby(r.ann)
		in := r.bob.must(0, "lobby:join", object{"lobbyId": lobby})
		return request{
			by: r.bob, body: object{"lobbyId": lobby},
			once: effect{r.ann, in.place(), "lobby:patch", []string{`"type":"member_left"`}},
		}
	},
	"lobby:update": lobbyRow("updated", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby, "set": object{"name": "den"}}
	}),
	"lobby:setMember": lobbyRow("member_updated", func(r *round, lobby string) (*user, object) {
		return r.bob, object{"lobbyId": lobby, "attributes": object{"mood": "good"}}
	}, "mood"),
	"lobby:ready": lobbyRow("member_ready", func(r *round, lobby string) (*user, object) {
		return r.bob, object{"lobbyId": lobby, "ready": true}
	}),
	"lobby:kick": lobbyRow("member_kicked", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby, "userId": r.bob.name}
	}),
	"lobby:ban": lobbyRow("member_banned", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby, "userId": r.bob.name}
	}),
	"lobby:unban": lobbyRow("unbanned", func(r *round, lobby string) (*user, object) {
		r.ann.must(0, "lobby:ban", object{"lobbyId": lobby, "userId": r.dan.name})
		return r.ann, object{"lobbyId": lobby, "userId": r.dan.name}
	}),
	"lobby:voteKick": lobbyRow("voted", func(r *round, lobby string) (*user, object) {
		r.cid.must(0, "lobby:join", object{"lobbyId": lobby})
		r.dan.must(0, "lobby:join", object{"lobbyId": lobby})
		return r.bob, object{"lobbyId": lobby, "userId": r.cid.name}
	}),
	"lobby:transferHost": lobbyRow("host_transferred", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby, "userId": r.bob.name}
	}),
	"lobby:invite": func(r *round) request {
		lobby, _ := r.lobby(r.ann)
		return request{by: r.ann, body: object{"lobbyId": lobby, "userId": r.cid.name}, once: effect{r.cid, r.own(r.cid), "lobby:invited", nil}}
	},
	"lobby:respondInvite": func(r *round) request {
		lobby, from := r.lobby(r.ann)
		invite := r.ann.must(0, "lobby:invite", object{"lobbyId": lobby, "userId": r.bob.name}).text("inviteId")
		return request{
			by: r.bob, body: object{"inviteId": invite, "accept": true}, bounds: r.inOneLobby(r.bob),
			once: effect{r.ann, from, "lobby:patch", []string{`"type":"member_joined"`, r.bob.name}},
		}
	},
	"lobby:requestJoin": lobbyRow("join_requested", func(r *round, lobby string) (*user, object) {
		return r.cid, object{"lobbyId": lobby}
	}),
	"lobby:respondJoin": lobbyRow("join_answered", func(r *round, lobby string) (*user, object) {
		r.cid.must(0, "lobby:requestJoin", object{"lobbyId": lobby})
		return r.ann, object{"lobbyId": lobby, "userId": r.cid.name, "accept": true}
	}),
	"lobby:regenerateCode": lobbyRow("updated", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby}
	}),
	"lobby:start": func(r *round) request {
		lobby, from := r.lobby(r.ann)
		return request{by: r.ann, body: object{"lobbyId": lobby}, once: effect{r.ann, from, "lobby:starting", nil}}
	},
	"lobby:cancelStart": lobbyRow("start_cancelled", func(r *round, lobby string) (*user, object) {
		r.ann.must(0, "lobby:start", object{"lobbyId": lobby})
		return r.ann, object{"lobbyId": lobby}
	}),
	"lobby:end": func(r *round) request {
		lobby := r.ann.must(0, "lobby:create", object{"type": "swift"}).text("lobby", "id")
		begun := r.ann.must(0, "lobby:start", object{"lobbyId": lobby})
		r.ann.pushed("lobby:handoff", "match", "matchId")
		return request{
			by: r.ann, body: object{"lobbyId": lobby, "result": object{"won": "1"}},
			once: effect{r.ann, begun.place(), "lobby:patch", []string{`"type":"match_ended"`}},
		}
	},
	"lobby:close": lobbyRow("closed", func(r *round, lobby string) (*user, object) {
		return r.ann, object{"lobbyId": lobby}
	}),

	"party:create": func(r *round) request {
		return request{by: r.ann, body: object{}, bounds: r.inOneParty(r.ann)}
	},
	"party:join": func(r *round) request {
		party, from := r.party(r.ann)
		code := r.ann.must(0, "party:get", object{"partyId": party}).text("party", "code")
		return request{
			by: r.bob, body: object{"code": code}, bounds: r.inOneParty(r.bob),
			once: effect{r.ann, from, "party:patch", []string{`"type":"member_joined"`}},
		}
	},
	"party:respondInvite": func(r *round) request {
		party, from := r.party(r.ann)
		invite := r.ann.must(0, "party:invite", object{"partyId": party, "userId": r.bob.name}).text("inviteId")
		return request{
			by: r.bob, body: object{"inviteId": invite, "accept": true}, bounds: r.inOneParty(r.bob),
			once: effect{r.ann, from, "party:patch", []string{`"type":"member_joined"`}},
		}
	},
	"party:invite": func(r *round) request {
		party, _ := r.party(r.ann)
		return request{by: r.ann, body: object{"partyId": party, "userId": r.cid.name}, once: effect{r.cid, r.own(r.cid), "party:invited", nil}}
	},
	"party:leave": partyRow("member_left", func(r *round, party string) (*user, object) {
		return r.bob, object{"partyId": party}
	}),
	"party:kick": partyRow("member_kicked", func(r *round, party string) (*user, object) {
		return r.ann, object{"partyId": party, "userId": r.bob.name}
	}),
	"party:ban": partyRow("member_banned", func(r *round, party string) (*user, object) {
		return r.ann, object{"partyId": party, "userId": r.bob.name}
	}),
	"party:unban": partyRow("unbanned", func(r *round, party string) (*user, object) {
		r.ann.must(0, "party:ban", object{"partyId": party, "userId": r.dan.name})
		return r.ann, object{"partyId": party, "userId": r.dan.name}
	}),
	"party:update": partyRow("updated", func(r *round, party string) (*user, object) {
		return r.ann, object{"partyId": party, "set": object{"joinable": false}}
	}),
	"party:ready": partyRow("member_ready", func(r *round, party string) (*user, object) {
		return r.bob, object{"partyId": party, "ready": true}
	}),
	"party:regenerateCode": partyRow("updated", func(r *round, party string) (*user, object) {
		return r.ann, object{"partyId": party}
	}),
	"party:promote": partyRow("leader_promoted", func(r *round, party string) (*user, object) {
		return r.ann, object{"partyId": party, "userId": r.bob.name}
	}),
	"party:setMember": partyRow("member_updated", func(r *round, party string) (*user, object) {
		return r.bob, object{"partyId": party, "attributes": object{"song": "x"}}
	}, "song"),

	"mm:enqueue": func(r *round) request {
		return request{by: r.ann, body: r.enqueue("asked"), bounds: func(answer ack) {
			r.wants("tickets of mm:status", strings.Count(string(r.ann.must(1, "mm:status", object{}).Data), `"state":`), 1)
			if id := answer.text("ticket", "id"); !strings.Contains(string(r.ann.must(1, "mm:status", object{}).Data), id) {
				r.fail("got no ticket %s in mm:status, want the ticket of the answer", id)
			}
		}}
	},
	"mm:cancel": func(r *round) request {
		ticket := r.ann.must(0, "mm:enqueue", r.enqueue("asked")).text("ticket", "id")
		return request{by: r.ann, body: object{"ticketId": ticket}, once: effect{r.ann, r.own(r.ann), "mm:cancelled", []string{ticket}}}
	},
	"mm:accept": func(r *round) request {
		return request{by: r.ann, body: object{"proposalId": r.proposal()}, bounds: func(ack) { r.ann.must(1, "mm:status", object{}) }}
	},
	"mm:decline": func(r *round) request {
		proposal, from := r.proposal(), r.own(r.ann)
		return request{by: r.ann, body: object{"proposalId": proposal}, once: effect{r.ann, from, "mm:cancelled", nil}}
	},
	"mm:backfill": func(r *round) request {
		for _, u := range []*user{r.ann, r.bob} {
			u.must(0, "mm:enqueue", r.enqueue("filled"))
		}
		lobby := r.ann.pushed("mm:matched", "handoff", "lobbyId")
		host := r.ann
		if r.ann.must(0, "lobby:get", object{"lobbyId": lobby}).text("lobby", "hostId") == r.bob.name {
			host = r.bob
		}
		return request{by: host, body: object{"lobbyId": lobby}, bounds: func(ack) {}}
	},

	"notify:ack":    noteRow(func(id string) object { return object{"ids": []string{id}} }),
	"notify:read":   noteRow(func(id string) object { return object{"ids": []string{id}} }),
	"notify:delete": noteRow(func(id string) object { return object{"ids": []string{id}} }),
	"notify:subscribe": func(r *round) request {
		return request{by: r.ann, body: object{"topics": []string{"news"}}, bounds: func(answer ack) {
			r.wants("topics in the answer", strings.Count(string(answer.Data), `"news"`), 1)
		}}
	},
	"notify:unsubscribe": func(r *round) request {
		r.ann.must(0, "notify:subscribe", object{"topics": []string{"news", "other"}})
		return request{by: r.ann, body: object{"topics": []string{"news"}}, bounds: func(answer ack) {
			r.wants("topics left in the answer", strings.Count(string(answer.Data), `"news"`), 0)
		}}
	},

	"presence:set": func(r *round) request {
		return request{by: r.ann, body: object{"text": "here"}, bounds: func(answer ack) {
			r.wants("texts in the answer", strings.Count(string(answer.Data), `"text":"here"`), 1)
		}}
	},
}

// lobbyRow is a request in a lobby of ann and bob that leads to one patch with a cause
// and texts.
func lobbyRow(cause string, of func(r *round, lobby string) (*user, object), has ...string) row {
	return func(r *round) request {
		lobby, _ := r.lobby(r.ann)
		r.bob.must(0, "lobby:join", object{"lobbyId": lobby})
		by, body := of(r, lobby)
		from := r.ann.must(0, "lobby:get", object{"lobbyId": lobby}).place()
		return request{by: by, body: body, once: effect{r.ann, from, "lobby:patch", append(has, fmt.Sprintf(`"type":%q`, cause))}}
	}
}

// partyRow is the same for a party.
func partyRow(cause string, of func(r *round, party string) (*user, object), has ...string) row {
	return func(r *round) request {
		party, _ := r.party(r.ann)
		code := r.ann.must(0, "party:get", object{"partyId": party}).text("party", "code")
		r.bob.must(0, "party:join", object{"code": code})
		by, body := of(r, party)
		from := r.ann.must(0, "party:get", object{"partyId": party}).place()
		return request{by: by, body: body, once: effect{r.ann, from, "party:patch", append(has, fmt.Sprintf(`"type":%q`, cause))}}
	}
}

// noteRow is a request about the notification of an invite.
func noteRow(body func(id string) object) row {
	return func(r *round) request {
		lobby, _ := r.lobby(r.bob)
		r.bob.must(0, "lobby:invite", object{"lobbyId": lobby, "userId": r.ann.name})
		id := r.note(r.ann)
		return request{by: r.ann, body: body(id), bounds: func(answer ack) {
			r.wants("unread after it", strings.Count(string(answer.Data), `"unread":`), 1)
		}}
	}
}
