package matchmaking

// The order of a ticket's messages: by attempt; within an attempt by the number of accepted
// players; the end of the ticket last. A user stream refuses older messages of a ticket,
// which a stopped server or a dead matcher left in the outbox.
const (
	attemptShift = 20
	orderEnd     = uint64(1) << 52
)

// orderSearching is the order of the message that a ticket searches in this attempt.
func orderSearching(attempt int) uint64 {
	return max(min(uint64(attempt), orderEnd>>attemptShift-1)<<attemptShift, 1) //nolint:gosec // never negative
}

// orderProposed is the order of a proposal's message with the number of accepted players.
func orderProposed(attempt, accepted int) uint64 {
	return orderSearching(attempt) + 1 + uint64(accepted) //nolint:gosec // never negative
}
