package headroom

// Class says how a request uses Redis' memory.
type Class string

const (
	// Reads keep nothing.
	Reads Class = "reads"
	// Ends free something, or end something that would hold others up.
	Ends Class = "ends"
	// Updates change objects that exist.
	Updates Class = "updates"
	// Adds make objects, or append to logs.
	Adds Class = "adds"
)

// bounds are the shares, in percent, from which a class is refused.
var bounds = map[Class]int{Adds: AddsUntil, Updates: UpdatesUntil}

// Requests are the classes of the clients' requests.
var Requests = map[string]Class{
	"chat:channels": Reads, "chat:delete": Updates, "chat:edit": Adds, "chat:history": Reads, "chat:join": Reads, "chat:leave": Ends, "chat:mute": Updates,
	"chat:react": Adds, "chat:read": Updates, "chat:send": Adds, "chat:typing": Reads, "chat:unmute": Updates,

	"lobby:ban": Ends, "lobby:cancelStart": Ends, "lobby:close": Ends, "lobby:create": Adds, "lobby:end": Ends, "lobby:get": Reads, "lobby:invite": Adds,
	"lobby:join": Adds, "lobby:kick": Ends, "lobby:leave": Ends, "lobby:mine": Reads, "lobby:quickJoin": Adds, "lobby:ready": Updates,
	"lobby:regenerateCode": Updates, "lobby:requestJoin": Adds, "lobby:respondInvite": Updates, "lobby:respondJoin": Updates,
	"lobby:search": Reads, "lobby:setMember": Updates, "lobby:start": Updates, "lobby:transferHost": Updates, "lobby:unban": Updates,
	"lobby:unwatch": Ends, "lobby:update": Updates, "lobby:voteKick": Updates, "lobby:watch": Reads,

	"mm:accept": Updates, "mm:backfill": Adds, "mm:cancel": Ends, "mm:decline": Ends, "mm:enqueue": Adds, "mm:queues": Reads, "mm:status": Reads,

	"notify:ack": Ends, "notify:delete": Ends, "notify:list": Reads, "notify:read": Updates, "notify:subscribe": Adds, "notify:unsubscribe": Ends,

	"party:create": Adds, "party:get": Reads, "party:invite": Adds, "party:join": Adds, "party:kick": Ends, "party:leave": Ends,
	"party:promote": Updates, "party:respondInvite": Updates, "party:setMember": Updates, "party:ban": Ends, "party:unban": Updates,
	"party:ready": Updates, "party:regenerateCode": Updates, "party:update": Updates,

	"presence:activity": Updates, "presence:get": Reads, "presence:set": Updates, "presence:subscribe": Reads, "presence:unsubscribe": Ends,

	"session:refresh": Reads, "sync:ping": Reads, "sync:resume": Reads,
}

// Routes are the classes of the requests of the server API, by method and path.
var Routes = map[string]Class{
	"POST /v1/events": Adds, "POST /v1/events:batch": Adds,
	"POST /v1/lobbies": Adds, "POST /v1/lobbies:query": Reads, "GET /v1/lobbies/{id}": Reads,
	"POST /v1/lobbies/{id}:update": Updates, "POST /v1/lobbies/{id}:close": Ends, "POST /v1/matches/{id}:report": Ends,
	"POST /v1/chat:mute": Updates, "POST /v1/chat:unmute": Updates,
	"POST /v1/notifications": Adds, "POST /v1/presence:query": Reads,
	"GET /v1/rooms/{id}": Reads, "POST /v1/rooms/{id}:join": Adds, "POST /v1/rooms/{id}:leave": Ends,
	"POST /v1/tickets": Adds, "POST /v1/tickets:query": Reads, "POST /v1/tickets:cancel": Ends,
	"POST /v1/sessions:disconnect": Ends, "POST /v1/users/{id}:revoke": Ends,
}
