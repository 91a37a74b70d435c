package wire

import "errors"

// Code is the kind of an error. A client may branch on it; the set only grows within a
// protocol version.
type Code string

// The error codes. A request refused with a code marked "retryable" may be sent again
// unchanged.
const (
	CodeInvalidArgument     Code = "invalid_argument" // Field names the invalid field
	CodeUnauthenticated     Code = "unauthenticated"
	CodeTokenExpired        Code = "token_expired"
	CodePermissionDenied    Code = "permission_denied"
	CodeBanned              Code = "banned"
	CodeMuted               Code = "muted"
	CodeNotFound            Code = "not_found"
	CodeAlreadyExists       Code = "already_exists"
	CodeAlreadyMember       Code = "already_member"
	CodeAlreadyQueued       Code = "already_queued"
	CodeVersionConflict     Code = "version_conflict" // Current has the version in force
	CodeIdempotencyMismatch Code = "idempotency_mismatch"
	CodeFailedPrecondition  Code = "failed_precondition" // Reason names the precondition
	CodeCodeExpired         Code = "code_expired"
	CodePayloadTooLarge     Code = "payload_too_large"
	CodeRateLimited         Code = "rate_limited"       // retryable after RetryAfterMs
	CodeResourceExhausted   Code = "resource_exhausted" // a bound of the service or of a policy is reached
	CodeUnsupportedProtocol Code = "unsupported_protocol"
	CodeUnavailable         Code = "unavailable"       // retryable
	CodeDraining            Code = "draining"          // retryable, on another server
	CodeDeadlineExceeded    Code = "deadline_exceeded" // retryable
	CodeInternal            Code = "internal"
)

// Reason narrows a code: always for [CodeFailedPrecondition], and for refusals because of
// the caller's existing objects or groups.
type Reason string

// The reasons.
const (
	ReasonLobbyFull       Reason = "lobby_full"
	ReasonLobbyLocked     Reason = "lobby_locked"
	ReasonLobbyStarted    Reason = "lobby_started"
	ReasonLobbyClosed     Reason = "lobby_closed"
	ReasonWrongPassword   Reason = "wrong_password"
	ReasonNotHost         Reason = "not_host"
	ReasonNotMember       Reason = "not_member"
	ReasonNotReady        Reason = "not_ready"
	ReasonNotStarting     Reason = "not_starting"
	ReasonLobbyStarting   Reason = "lobby_starting"
	ReasonNotInMatch      Reason = "not_in_match"
	ReasonTeamsIncomplete Reason = "teams_incomplete" // Field names the member without a team, or the team
	ReasonTeamsFixed      Reason = "teams_fixed"
	ReasonCooldown        Reason = "cooldown"
	ReasonPartyFull       Reason = "party_full"
	ReasonPartyLocked     Reason = "party_locked" // the party is not joinable by its code
	ReasonNotLeader       Reason = "not_leader"
	ReasonPartyTooLarge   Reason = "party_too_large"
	ReasonMemberOffline   Reason = "member_offline" // a member of the party has no connection; the message names the user
	ReasonProposalClosed  Reason = "proposal_closed"

	// The following reasons come with Error.Current where the caller may know the ids.
	ReasonLobbyLimit        Reason = "lobby_limit"        // the user is in the allowed number of lobbies: Current lists them
	ReasonInLobby           Reason = "in_lobby"           // Current is the lobby
	ReasonInParty           Reason = "in_party"           // Current is the party
	ReasonTicketLimit       Reason = "ticket_limit"       // the user has the allowed number of tickets: Current lists them
	ReasonSubscriptionLimit Reason = "subscription_limit" // the session has the allowed number of subscriptions: Current lists them
	ReasonConnectionLimit   Reason = "connection_limit"   // of a user to a server; without Current
	ReasonWatchLimit        Reason = "watch_limit"        // the session watches the allowed number of users or lists: Current lists them
	ReasonTopicLimit        Reason = "topic_limit"        // the user subscribes to the allowed number of topics: Current lists them
	ReasonReactionLimit     Reason = "reaction_limit"     // Current lists the caller's reactions to the message
	ReasonRoomLimit         Reason = "room_limit"         // for back ends: Current lists the user's rooms
)

// Error is the error half of an acknowledgement. The domain rules return it as well, so
// that a refusal keeps its code from the rule to the client.
type Error struct {
	Code    Code   `json:"code"`
	Reason  Reason `json:"reason,omitempty"`
	Message string `json:"message"`
	// Retryable reports that the unchanged request may succeed later.
	Retryable bool `json:"retryable"`
	// RetryAfterMs is the delay before the retry, in milliseconds.
	RetryAfterMs int64 `json:"retryAfterMs,omitempty"`
	// Field is the path of the invalid field, as in "attributes.map".
	Field string `json:"field,omitempty"`
	// Current is the version in force after version_conflict, a number. In a refusal
	// because of the caller's existing objects or groups, it lists their ids.
	Current Current `json:"current,omitzero"`
}

// Error makes *Error a Go error.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Reason != "" {
		text += " (" + string(e.Reason) + ")"
	}
	if e.Field != "" {
		text += " at " + e.Field
	}
	return text + ": " + e.Message
}

// At sets the invalid field of the error, and returns the error.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}

// CodeOf returns the code of the refusal in an error's chain; "" when there is none.
func CodeOf(err error) Code {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

// Invalid returns a [CodeInvalidArgument] error about one field.
func Invalid(field, message string) *Error {
	return &Error{Code: CodeInvalidArgument, Field: field, Message: message}
}

// Refuse returns an error with a code and a text for humans.
func Refuse(code Code, message string) *Error {
	return &Error{Code: code, Message: message, Retryable: code.retryable()}
}

// Precondition returns a [CodeFailedPrecondition] error with its reason.
func Precondition(reason Reason, message string) *Error {
	return &Error{Code: CodeFailedPrecondition, Reason: reason, Message: message}
}

// Already returns a refusal because the caller, or the user of the request, already has
// an object or is in a group. Ids names those that the caller may know. Every refusal
// with [CodeAlreadyExists], [CodeAlreadyMember] or [CodeAlreadyQueued], and every bound
// on the objects of one user, is made here.
func Already(code Code, reason Reason, message string, ids ...string) *Error {
	return &Error{Code: code, Reason: reason, Message: message, Current: CurrentIDs(ids...)}
}

// Exhausted returns a [CodeResourceExhausted] error for a bound of the service or of a
// group, not of the caller. Field is "" when no field is invalid.
func Exhausted(field, message string) *Error {
	return &Error{Code: CodeResourceExhausted, Field: field, Message: message}
}

func (c Code) retryable() bool {
	switch c {
	case CodeRateLimited, CodeUnavailable, CodeDraining, CodeDeadlineExceeded:
		return true
	}
	return false
}

// CloseReason is the server's reason to end a connection.
type CloseReason string

// Terminal close reasons: connecting again with the same credentials is useless.
const (
	CloseUnauthenticated     CloseReason = "unauthenticated"
	CloseBanned              CloseReason = "banned"
	CloseUnsupportedProtocol CloseReason = "unsupported_protocol"
	CloseReplaced            CloseReason = "replaced"
)

// Retryable close reasons: the server closes the transport, and a stock client connects
// again by itself.
const (
	CloseDraining          CloseReason = "draining"
	CloseSlowConsumer      CloseReason = "slow_consumer"
	CloseTokenExpired      CloseReason = "token_expired"
	CloseInsufficientState CloseReason = "insufficient_state"
	CloseRateLimited       CloseReason = "rate_limited"   // ten times the connection's budget
	CloseDisconnected      CloseReason = "disconnected"   // a back end disconnected the user
	CloseInvalidPacket     CloseReason = "invalid_packet" // a packet violates the protocol
	ClosePayloadTooLarge   CloseReason = "payload_too_large"
)

// Terminal reports whether a client should stop connecting.
func (r CloseReason) Terminal() bool {
	switch r {
	case CloseUnauthenticated, CloseBanned, CloseUnsupportedProtocol, CloseReplaced:
		return true
	}
	return false
}
