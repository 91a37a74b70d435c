package matchmaking

// Reasons of mm:cancelled.
const (
	reasonCancelled      = "cancelled"
	reasonExpired        = "expired"
	reasonDeclined       = "declined"
	reasonTimedOut       = "timed_out"
	reasonOthersDeclined = "others_declined"
	reasonPartyChanged   = "party_changed"
	reasonQueueRemoved   = "queue_removed"
	reasonHandoffFailed  = "handoff_failed"
	// reasonInLobby: a player joined another lobby of the match's type while it searched.
	reasonInLobby = "in_lobby"
	// reasonMatchedElsewhere: a player was matched by another ticket.
	reasonMatchedElsewhere = "matched_elsewhere"
)
