package wire

// Matchmaking events. The pushes come on the players' own streams, so that every
// member of a party hears them on every device, and a client that was away recovers
// them like all else.
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

// TicketState is where a ticket is.
type TicketState string

// The states of a ticket. It begins to search as soon as it is in the queue, and searches
// again when its match comes to nothing and it is requeued; the last three are the end.
const (
	TicketSearching TicketState = "searching"
	TicketProposed  TicketState = "proposed"
	// TicketAccepted: all accepted, and the place to play is being made.
	TicketAccepted TicketState = "accepted"
	TicketAssigned TicketState = "assigned"
	TicketCanceled TicketState = "cancelled"
	TicketExpired  TicketState = "expired"
)

// MMQueues asks which queues there are.
type MMQueues struct{}

// MMQueueList acknowledges [MMQueues].
type MMQueueList struct {
	Queues []MMQueue `json:"queues"`
}

// MMQueue is a queue as clients see it.
type MMQueue struct {
	Name  string   `json:"name"`
	Teams []MMTeam `json:"teams"`
	// MaxParty is the largest party that may queue.
	MaxParty   int  `json:"maxParty"`
	ReadyCheck bool `json:"readyCheck"`
	// Backfill says that the host of a match's lobby may ask for players in open places.
	Backfill bool `json:"backfill"`
	// Population is how many tickets wait: "low", "medium" or "high", or a number; it
	// is absent where the queue does not tell.
	Population any `json:"population,omitempty"`
	// Regions are those that clients send latencies for.
	Regions []string `json:"regions,omitempty"`
}

// MMTeam is one team of a queue's matches.
type MMTeam struct {
	Name string `json:"name"`
	Min  int    `json:"min"`
	Max  int    `json:"max"`
}

// MMEnqueue asks for a match; with PartyID for the caller's party, which it leads.
type MMEnqueue struct {
	Key
	// Queue is the queue to search. Exactly one of queue and queues is given.
	Queue string `json:"queue,omitempty" validate:"max=253"`
	// Queues are several queues that one ticket searches at once; the first match wins.
	Queues  []string `json:"queues,omitempty" validate:"max=8,dive,required,max=253"`
	PartyID string   `json:"partyId,omitempty" validate:"max=64"`
	// Attributes are those that the queue declares: numbers, strings, booleans and
	// lists of strings. A member of a party may have its own by party:setMember.
	Attributes map[string]any `json:"attributes,omitempty" validate:"max=32"`
	// Latencies are milliseconds by region.
	Latencies map[string]float64 `json:"latencies,omitempty" validate:"max=32,dive,min=0,max=60000"`
}

// MMTicketState acknowledges [MMEnqueue].
type MMTicketState struct {
	Ticket MMTicket `json:"ticket"`
}

// MMTicket is a ticket as its players see it.
type MMTicket struct {
	ID string `json:"id"`
	// Queue is the queue of the proposal or match; while the ticket searches, the first of
	// its queues.
	Queue string `json:"queue"`
	// Queues are all queues that the ticket searches; absent when it is one.
	Queues     []string    `json:"queues,omitempty"`
	State      TicketState `json:"state"`
	PartyID    string      `json:"partyId,omitempty"`
	Players    []string    `json:"players"`
	EnqueuedAt int64       `json:"enqueuedAt"`
	ExpiresAt  int64       `json:"expiresAt"`
	// Attempt counts the matches that came to nothing.
	Attempt int `json:"attempt"`
	// EstimateMs is about how long such tickets waited lately; absent where the queue
	// does not tell or nothing is known.
	EstimateMs int64 `json:"estimateMs,omitempty"`
}

// MMCancel takes a ticket back. Any of its players may.
type MMCancel struct {
	Key
	TicketID string `json:"ticketId" validate:"required,max=64"`
}

// MMStatus asks for the caller's tickets.
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

// MMBackfill asks for players for the open places of a match, on the word of the host of
// its lobby: for those that are open and those that become so, for as long as a ticket of
// the queue may wait. Asking again begins that time anew.
type MMBackfill struct {
	Key
	LobbyID string `json:"lobbyId" validate:"required,max=64"`
	// Stop looks for no more players. Those who have been found still come.
	Stop bool `json:"stop,omitempty"`
}

// MMBackfillState acknowledges [MMBackfill].
type MMBackfillState struct {
	LobbyID string `json:"lobbyId"`
	Queue   string `json:"queue"`
	// Open is how many places are open.
	Open int `json:"open"`
	// ExpiresAt is until when players are looked for; absent when they are not.
	ExpiresAt int64 `json:"expiresAt,omitempty"`
}

// MMTicketPush tells each state that a ticket comes to, beside the event that says why.
// That it was entered, and every five seconds how long it may take, is news of the
// moment: it comes without a meta, is not kept, and may come after the ticket has ended.
type MMTicketPush struct {
	Ticket MMTicket `json:"ticket"`
	Meta   *Meta    `json:"meta,omitempty"`
}

// MMProposal asks the players of a match whether they are there.
type MMProposal struct {
	ProposalID string `json:"proposalId"`
	Queue      string `json:"queue"`
	TicketID   string `json:"ticketId"`
	// Players is how many it takes, Accepted how many have accepted so far.
	Players    int   `json:"players"`
	Accepted   int   `json:"accepted"`
	DeadlineAt int64 `json:"deadlineAt"`
	// Backfill says that the match runs already: only those who would come are asked.
	Backfill bool  `json:"backfill,omitempty"`
	Meta     *Meta `json:"meta,omitempty"`
}

// MMMatched says where to play.
type MMMatched struct {
	MatchID  string `json:"matchId"`
	Queue    string `json:"queue"`
	TicketID string `json:"ticketId"`
	// Teams are all who play, also those who were there before.
	Teams []MMMatchTeam `json:"teams"`
	// Backfill says that the match ran already.
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

// MMHandoff is the place where a match is played: a lobby, or an address.
type MMHandoff struct {
	// Type is lobby or server.
	Type    string `json:"type"`
	LobbyID string `json:"lobbyId,omitempty"`
	Address string `json:"address,omitempty"`
	// Token lets the players in; each gets its own where the service gives several.
	Token     string `json:"token,omitempty"`
	ExpiresAt int64  `json:"expiresAt,omitempty"`
}

// MMCancelled says that a ticket is not matched now, and why.
type MMCancelled struct {
	TicketID string `json:"ticketId"`
	Queue    string `json:"queue"`
	// Reason is cancelled, declined (by a player of this ticket), timed_out (one did
	// not answer),
	// others_declined, party_changed, disconnected, expired, queue_removed,
	// queue_changed, handoff_failed, matched_elsewhere (a player of the ticket was matched
	// by another ticket) or in_lobby (a player of the ticket is in as many lobbies of the
	// match's type as join.maxPerUser allows).
	Reason string `json:"reason"`
	// Requeued says that the ticket searches on.
	Requeued bool `json:"requeued"`
	// CooldownUntil is until when the player may not queue again here.
	CooldownUntil int64 `json:"cooldownUntil,omitempty"`
	Meta          *Meta `json:"meta,omitempty"`
}
