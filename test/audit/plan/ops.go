package plan

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Lane is a sequence of acts of a user.
type Lane string

// The lanes. State has lobbies and parties, Talk has chat, presence and notifications,
// and Match has matchmaking.
const (
	State Lane = "state"
	Talk  Lane = "talk"
	Match Lane = "match"
)

// weights are the relative frequencies of the acts.
var weights = map[Lane]map[string]int{
	State: {
		"lobby:enter": 14, "lobby:create": 4, "lobby:join": 8, "lobby:joinCode": 4, "lobby:quickJoin": 6, "lobby:leave": 7,
		"lobby:kick": 2, "lobby:ban": 1, "lobby:unban": 1, "lobby:voteKick": 1, "lobby:ready": 4, "lobby:setMember": 7,
		"lobby:update": 5, "lobby:transferHost": 2, "lobby:close": 1, "lobby:invite": 3, "lobby:respondInvite": 4,
		"lobby:requestJoin": 2, "lobby:respondJoin": 2, "lobby:regenerateCode": 1, "lobby:get": 5, "lobby:search": 1,
		"lobby:watch": 1, "lobby:start": 1, "lobby:end": 1, "lobby:role": 2, "lobby:swap": 3, "lobby:rejoin": 4, "lobby:joinParty": 1,
		"party:enter": 6, "party:invite": 3, "party:respondInvite": 4, "party:join": 4, "party:leave": 3, "party:kick": 1,
		"party:promote": 1, "party:setMember": 4, "party:get": 3,
		"party:ban": 1, "party:unban": 2, "party:ready": 2, "party:update": 2, "party:regenerateCode": 1,
	},
	Talk: {
		"chat:join": 14, "chat:send": 45, "chat:edit": 4, "chat:delete": 3, "chat:react": 5, "chat:read": 8, "chat:history": 3,
		"chat:leave": 2, "chat:typing": 2,
		"presence:set": 5, "presence:subscribe": 4, "presence:get": 2,
		"notify:list": 2, "notify:ack": 3, "notify:read": 3, "notify:delete": 3, "notify:subscribe": 2, "notify:unsubscribe": 1,
		"api:notify": 6, "api:topic": 2, "api:event": 2,
	},
	Match: {
		"mm:enqueue": 14, "mm:cancel": 4, "mm:accept": 10, "mm:decline": 2, "mm:status": 3,
	},
}

// laneOf maps each act to its lane, and acts repeats each act as often as its weight.
var (
	laneOf = make(map[string]Lane)
	acts   []string
)

func init() {
	for _, lane := range []Lane{State, Talk, Match} {
		for _, op := range slices.Sorted(maps.Keys(weights[lane])) {
			laneOf[op] = lane
			for range weights[lane][op] {
				acts = append(acts, op)
			}
		}
	}
}

func choose(r *rand.Rand) string { return acts[r.IntN(len(acts))] }
