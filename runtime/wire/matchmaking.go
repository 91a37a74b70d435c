package wire

// Matchmaking events. The pushes come on the players' own streams, so that every device
// of every member of a party receives them, and a client recovers missed pushes by a
// resume.
const (
	EventMMQueues    = "mm:queues"    // request: MMQueues → MMQueueList
	EventMMEnqueue   = "mm:enqueue"   // request: MMEnqueue → MMTicketState
	EventMMCancel    = "mm:cancel"    // request: MMCancel → nothing
	EventMMStatus    = "mm:status"    // request: MMStatus → MMStatusList
	EventMMAccept    = "mm:accept"    // request: MMAnswer → nothing
	EventMMDecline   = "mm:decline"   // request: MMAnswer → nothing
	EventMMBackfill  = "mm:backfill"  // request: MMBackfill → MMBackfillState
	EventMMTicket    = "mm:ticket"    // push: MMTicketPush
	EventMMProposal  = "mm:proposal"  // push: MMProposal
	EventMMMatched   = "mm:matched"   // push: MMMatched
	EventMMCancelled = "mm:cancelled" // push: MMCancelled
)

// TicketState is the state of a ticket.
type TicketState string

// The states of a ticket. A ticket starts searching at once, and searches again when its
// match fails and the ticket is requeued; the last three states are final.
const (
	TicketSearching TicketState = "searching"
	TicketProposed  TicketState = "proposed"
	// TicketAccepted: all players accepted, and the hand-off is under way.
	TicketAccepted TicketState = "accepted"
	TicketAssigned TicketState = "assigned"
	TicketCanceled TicketState = "cancelled"
	TicketExpired  TicketState = "expired"
)

// MMQueues lists the queues.
type MMQueues struct{}

// MMQueueList acknowledges [MMQueues].
type MMQueueList struct {
	Queues []MMQueue `json:"queues"`
}

// MMQueue is the clients' view of a queue.
type MMQueue struct {
	Name  string   `json:"name"`
	Teams []MMTeam `json:"teams"`
	// MaxParty is the largest party that may queue.
	MaxParty   int  `json:"maxParty"`
	ReadyCheck bool `json:"readyCheck"`
	// Backfill reports that the host of a match's lobby may request players for open
	// places.
	Backfill bool `json:"backfill"`
	// Population is the number of waiting tickets: "low", "medium" or "high", or a
	// number; absent where the queue hides it.
	Population any `json:"population,omitempty"`
	// Regions are the regions for which clients send latencies.
	Regions []string `json:"regions,omitempty"`
}

// MMTeam is a team of a queue's matches.
type MMTeam struct {
	Name string `json:"name"`
	Min  int    `json:"min"`
	Max  int    `json:"max"`
}

// MMEnqueue creates a ticket; with PartyID, for the party that the caller leads.
type MMEnqueue struct {
	Key
	// Queue is the queue to search. Exactly one of queue and queues is given.
	Queue string `json:"queue,omitempty" validate:"max=253"`
	// Queues are the queues that a single ticket searches at once; the first match wins.
	Queues  []string `json:"queues,omitempty" validate:"max=8,dive,required,max=253"`
	PartyID string   `json:"partyId,omitempty" validate:"max=64"`
	// Attributes are declared by the queue: numbers, strings, booleans and lists of
	// strings. A member of a party may set its own with party:setMember.
	Attributes map[string]any `json:"attributes,omitempty" validate:"max=32"`
	// Latencies are milliseconds by region.
	Latencies map[string]float64 `json:"latencies,omitempty" validate:"max=32,dive,min=0,max=60000"`
}

// MMTicketState acknowledges [MMEnqueue].
type MMTicketState struct {
	Ticket MMTicket `json:"ticket"`
}

// MMTicket is the players' view of a ticket.
type MMTicket struct {
	ID string `json:"id"`
	// Queue is the queue of the proposal or match; while the ticket searches, its first
	// queue.
	Queue string `json:"queue"`
	// Queues are all queues that the ticket searches; absent for a single queue.
	Queues     []string    `json:"queues,omitempty"`
	State      TicketState `json:"state"`
	PartyID    string      `json:"partyId,omitempty"`
	Players    []string    `json:"players"`
	EnqueuedAt int64       `json:"enqueuedAt"`
	ExpiresAt  int64       `json:"expiresAt"`
	// Attempt counts the failed matches.
	Attempt int `json:"attempt"`
	// EstimateMs is the approximate recent wait of similar tickets; absent where the
	// queue hides it or has no estimate.
	EstimateMs int64 `json:"estimateMs,omitempty"`
}

// MMCancel cancels a ticket. Any of its players may.
type MMCancel struct {
	Key
	TicketID string `json:"ticketId" validate:"required,max=64"`
}

// MMStatus reads the caller's tickets.
type MMStatus struct{}

// MMStatusList acknowledges [MMStatus].
type MMStatusList struct {
	Tickets   []MMTicket   `json:"tickets"`
	Proposals []MMProposal `json:"proposals"`
}

// MMAnswer accepts or declines a proposal.
type MMAnswer struct {
	Key
	ProposalID string `json:"proposalId" validate:"required,max=64"`
}

// MMBackfill requests players for the open places of a match, on behalf of the host of
// its lobby. It covers current and future open places, for as long as a ticket of the
// queue may wait. A repeat restarts that time.
type MMBackfill struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	// Stop ends the search. Players already found still join.
	Stop bool `json:"stop,omitempty"`
}

// MMBackfillState acknowledges [MMBackfill].
type MMBackfillState struct {
	LobbyID string `json:"lobbyId"`
	Queue   string `json:"queue"`
	// Open is the number of open places.
	Open int `json:"open"`
	// ExpiresAt is the end of the search for players; absent without a search.
	ExpiresAt int64 `json:"expiresAt,omitempty"`
}

// MMTicketPush reports each new state of a ticket, in addition to the event with the
// reason. The first state, and every five seconds the estimated wait, are transient: the
// push has no meta, is not kept, and may arrive after the ticket has ended.
type MMTicketPush struct {
	Ticket MMTicket `json:"ticket"`
	Meta   *Meta    `json:"meta,omitempty"`
}

// MMProposal asks the players of a match to accept.
type MMProposal struct {
	ProposalID string `json:"proposalId"`
	Queue      string `json:"queue"`
	TicketID   string `json:"ticketId"`
	// Players is the number of players who must accept, Accepted the number who have.
	Players    int   `json:"players"`
	Accepted   int   `json:"accepted"`
	DeadlineAt int64 `json:"deadlineAt"`
	// Backfill reports that the match is already running: only the joining players are
	// asked.
	Backfill bool  `json:"backfill,omitempty"`
	Meta     *Meta `json:"meta,omitempty"`
}

// MMMatched reports the players of a match and its hand-off.
type MMMatched struct {
	MatchID  string `json:"matchId"`
	Queue    string `json:"queue"`
	TicketID string `json:"ticketId"`
	// Teams has all players, including the earlier players of the match.
	Teams []MMMatchTeam `json:"teams"`
	// Backfill reports that the match was already running.
	Backfill bool      `json:"backfill,omitempty"`
	Region   string    `json:"region,omitempty"`
	Handoff  MMHandoff `json:"handoff"`
	Meta     *Meta     `json:"meta,omitempty"`
}

// MMMatchTeam is one team of a match.
type MMMatchTeam struct {
	Name    string   `json:"name"`
	Players []string `json:"players"`
}

// MMHandoff is the place of a match: a lobby, or an address.
type MMHandoff struct {
	// Type is lobby or server.
	Type    string `json:"type"`
	LobbyID string `json:"lobbyId,omitempty"`
	Address string `json:"address,omitempty"`
	// Token admits the players; each gets a separate token where the service provides
	// several.
	Token     string `json:"token,omitempty"`
	ExpiresAt int64  `json:"expiresAt,omitempty"`
}

// MMCancelled reports that a ticket is currently not matched, and the reason.
type MMCancelled struct {
	TicketID string `json:"ticketId"`
	Queue    string `json:"queue"`
	// Reason is cancelled, declined (by a player of this ticket), timed_out (a player did
	// not answer), others_declined, party_changed, disconnected, expired, queue_removed,
	// queue_changed, handoff_failed, matched_elsewhere (a player was matched by another
	// ticket) or in_lobby (a player has reached join.maxPerUser for the match's lobby
	// type).
	Reason string `json:"reason"`
	// Requeued reports that the ticket continues to search.
	Requeued bool `json:"requeued"`
	// CooldownUntil is the earliest time at which the player may queue again here.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
	Meta          *Meta `json:"meta,omitempty"`
}
