package wire

import "encoding/json"

// Session events. Requests are acknowledged; the others are pushes.
const (
	EventSessionRefresh    = "session:refresh"    // request: SessionRefresh → SessionRefreshed
	EventSessionReady      = "session:ready"      // push: SessionReady
	EventSessionExpiring   = "session:expiring"   // push: SessionExpiring
	EventSessionDraining   = "session:draining"   // push: SessionDraining
	EventSessionTerminated = "session:terminated" // push: SessionTerminated
	EventSessionEnding     = "session:ending"     // push: SessionEnding
	EventSyncResume        = "sync:resume"        // request: SyncResume → SyncResumed
	EventSyncPing          = "sync:ping"          // request: SyncPing → SyncPong
	EventSyncLost          = "sync:lost"          // push: SyncLost
)

// ConnectAuth is the Socket.IO `auth` payload of a client's connection.
type ConnectAuth struct {
	// Token is a JWT; in Anonymous mode, empty or any name chosen by the client.
	Token string `json:"token" validate:"max=8192"`
	// Protocol is the version of this contract; 0, or left out, means the server's.
	Protocol int         `json:"protocol"`
	Client   *ClientInfo `json:"client,omitempty"`
	DeviceID string      `json:"deviceId,omitempty" validate:"max=64"`
	Resume   *SyncResume `json:"resume,omitempty"`
}

// ClientInfo names the connecting program, for logs and metrics only.
type ClientInfo struct {
	Name     string `json:"name,omitempty" validate:"max=64"`
	Version  string `json:"version,omitempty" validate:"max=32"`
	Platform string `json:"platform,omitempty" validate:"max=32"`
}

// SessionReady is the first push after a successful connect.
type SessionReady struct {
	SessionID  string   `json:"sessionId"`
	UserID     string   `json:"userId"`
	Name       string   `json:"name,omitempty"`
	Scopes     []string `json:"scopes"`
	ServerTime int64    `json:"serverTime"`
	// TokenExpiresAt is absent when the session does not expire.
	TokenExpiresAt int64           `json:"tokenExpiresAt,omitempty"`
	Limits         SessionLimits   `json:"limits"`
	Features       map[string]bool `json:"features"`
	PolicyRevision string          `json:"policyRevision"`
	// Resumed answers ConnectAuth.Resume, with a result for each stream.
	Resumed []StreamResumed `json:"resumed,omitempty"`
	// Follows are the session's default subscriptions that are not in Resumed: the user's
	// own stream, the broadcast stream, and those of its rooms. Pushes continue from Seq
	// plus one.
	Follows []StreamStand `json:"follows,omitempty"`
	Memberships
}

// StreamStand is the position of a subscribed stream. It has the fields of
// [StreamPosition], some of which a client may leave out.
type StreamStand struct {
	Stream string `json:"stream"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
}

// SessionLimits lists the limits beyond which a client is refused.
type SessionLimits struct {
	EventsPerSecond int   `json:"eventsPerSecond"`
	Burst           int   `json:"burst"`
	MaxPayload      int64 `json:"maxPayload"`
	Subscriptions   int   `json:"subscriptions"`
}

// SessionRefresh replaces the token of a live session; the user must be the same.
type SessionRefresh struct {
	Token string `json:"token" validate:"required,max=8192"`
}

// SessionRefreshed acknowledges [SessionRefresh].
type SessionRefreshed struct {
	TokenExpiresAt int64    `json:"tokenExpiresAt,omitempty"`
	Scopes         []string `json:"scopes"`
}

// SessionExpiring warns that the token expires soon; refresh before ExpiresAt.
type SessionExpiring struct {
	ExpiresAt int64 `json:"expiresAt"`
	// GraceMs is how long the session is kept after ExpiresAt, in milliseconds.
	GraceMs int64 `json:"graceMs"`
}

// SessionDraining announces that this server is shutting down. The client keeps working
// until the transport closes and then connects again by itself.
type SessionDraining struct {
	Reason           string `json:"reason"`
	ReconnectAfterMs int64  `json:"reconnectAfterMs"`
	DeadlineAt       int64  `json:"deadlineAt"`
}

// SessionTerminated is the last push before the server closes the transport.
type SessionTerminated struct {
	Code    CloseReason `json:"code"`
	Message string      `json:"message"`
	// Reconnect is false when connecting again with the same credentials is useless.
	Reconnect bool `json:"reconnect"`
}

// SessionEnding reports, on the user's own stream, that a back end ends sessions of the
// user: those listed, or all. Each then receives [SessionTerminated].
type SessionEnding struct {
	SessionIDs []string    `json:"sessionIds,omitempty"`
	Code       CloseReason `json:"code"`
	Message    string      `json:"message,omitempty"`
	Meta       *Meta       `json:"meta,omitempty"`
}

// SyncResume requests the missed events of up to 64 streams.
type SyncResume struct {
	Streams []StreamPosition `json:"streams" validate:"required,min=1,max=64,dive"`
}

// SyncLost names streams whose subscription ended: the token of a [SessionRefresh] or a
// change of policies no longer allows them. It has no meta.
type SyncLost struct {
	Streams []string `json:"streams"`
}

// StreamPosition is the last position that a client applied. Seq 0 with an empty Epoch is
// the position before the first event, which a client gets for a stream without events: a
// resume then returns all events of the stream, or the current state if the log was
// truncated.
type StreamPosition struct {
	Stream string `json:"stream" validate:"required,max=800"`
	Epoch  string `json:"epoch" validate:"max=32"`
	Seq    uint64 `json:"seq"`
}

// SyncResumed acknowledges [SyncResume], with a result for each stream in the requested
// order.
type SyncResumed struct {
	Streams []StreamResumed `json:"streams"`
}

// StreamResumed is the result of resuming one stream. When Recovered, Events are all
// missed events, to be applied in order, whatever their epoch. Otherwise Snapshot is the
// current state (absent for streams without a state), and the history before Seq is
// unavailable. Live pushes follow from Seq plus one, in Epoch. Error is set, and all
// other fields absent, when the stream cannot be resumed at all, or, if retryable, when
// this answer had no room left: an answer has at most 512 KiB of events and snapshots, or
// half of outboundBytes if that is less.
type StreamResumed struct {
	Stream    string `json:"stream"`
	Recovered bool   `json:"recovered"`
	Epoch     string `json:"epoch"`
	Seq       uint64 `json:"seq"`
	// Events is present, possibly empty, when Recovered.
	Events []ResumedEvent `json:"events,omitzero"`
	// More reports that Events has only the first missed events, as many as had room. The
	// client asks again from Seq, and ignores pushes before that answer.
	More     bool            `json:"more,omitempty"`
	Snapshot json.RawMessage `json:"snapshot,omitempty"`
	Error    *Error          `json:"error,omitempty"`
}

// ResumedEvent is a missed push: its event name, and its payload with meta.
type ResumedEvent struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// SyncPing measures the round trip to the server.
type SyncPing struct {
	// At is a time of the client's own clock; the answer repeats it, including 0.
	At *int64 `json:"at,omitempty"`
}

// SyncPong acknowledges [SyncPing].
type SyncPong struct {
	At         *int64 `json:"at,omitempty"`
	ServerTime int64  `json:"serverTime"`
}
