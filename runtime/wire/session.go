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

// ConnectAuth is what a client sends as Socket.IO `auth` when it connects.
type ConnectAuth struct {
	// Token is a JWT, or in Anonymous mode empty or any name the client gives itself.
	Token string `json:"token" validate:"max=8192"`
	// Protocol is the version of this contract; 0, or left out, means the server's.
	Protocol int         `json:"protocol"`
	Client   *ClientInfo `json:"client,omitempty"`
	DeviceID string      `json:"deviceId,omitempty" validate:"max=64"`
	Resume   *SyncResume `json:"resume,omitempty"`
}

// ClientInfo names the program that connects; it is only for logs and metrics.
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
	// Resumed answers ConnectAuth.Resume, a result a stream.
	Resumed []StreamResumed `json:"resumed,omitempty"`
	// Follows are the streams that the session follows without being asked and that
	// are not in Resumed: the user's own, that of all, and those of its rooms. Pushes go on
	// from Seq plus one.
	Follows []StreamStand `json:"follows,omitempty"`
	Memberships
}

// StreamStand is where a stream stands that a session follows. It has the fields of
// [StreamPosition], which a client sends and may leave some of out.
type StreamStand struct {
	Stream string `json:"stream"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
}

// SessionLimits tells a client what it may do before it is refused.
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

// SessionExpiring warns that the token runs out; refresh before ExpiresAt.
type SessionExpiring struct {
	ExpiresAt int64 `json:"expiresAt"`
	// GraceMs is how long after ExpiresAt the session is kept, in milliseconds.
	GraceMs int64 `json:"graceMs"`
}

// SessionDraining says that this server is about to go away. The client keeps
// working until the transport closes and then connects again by itself.
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

// SessionEnding tells on the user's own stream that a back end ends sessions of the
// user: those named, or all. Each of them is then told [SessionTerminated].
type SessionEnding struct {
	SessionIDs []string    `json:"sessionIds,omitempty"`
	Code       CloseReason `json:"code"`
	Message    string      `json:"message,omitempty"`
	Meta       *Meta       `json:"meta,omitempty"`
}

// SyncResume asks for what was missed on up to 64 streams.
type SyncResume struct {
	Streams []StreamPosition `json:"streams" validate:"required,min=1,max=64,dive"`
}

// SyncLost names streams that the connection followed and follows no more: the token of a
// [SessionRefresh] or a change of policies does not allow them. It has no meta.
type SyncLost struct {
	Streams []string `json:"streams"`
}

// StreamPosition is the last position a client has applied. Seq 0 with an empty Epoch is
// before the first event, where an answer places a client on a stream that has none yet: what
// came since is all that the stream had, or the state of now if its log no longer has all.
type StreamPosition struct {
	Stream string `json:"stream" validate:"required,max=800"`
	Epoch  string `json:"epoch" validate:"max=32"`
	Seq    uint64 `json:"seq"`
}

// SyncResumed acknowledges [SyncResume], with a result for each stream in the
// order asked.
type SyncResumed struct {
	Streams []StreamResumed `json:"streams"`
}

// StreamResumed is how one stream was resumed. When Recovered, Events are all that
// were missed, to be applied one after the other, whatever their epoch; otherwise Snapshot is the state of now (absent for streams
// that have none) and the past before Seq cannot be had. Live pushes follow
// from Seq plus one, in Epoch. Error is set, and all else absent, when the stream cannot
// be had at all, or, if it is retryable, had no room in this answer: an answer has at most
// 512 KiB of events and snapshots, or half of outboundBytes if that is less.
type StreamResumed struct {
	Stream    string `json:"stream"`
	Recovered bool   `json:"recovered"`
	Epoch     string `json:"epoch"`
	Seq       uint64 `json:"seq"`
	// Events is there, if only empty, when Recovered.
	Events []ResumedEvent `json:"events,omitzero"`
	// More says that Events are only the first that were missed, as many as had room. The
	// client asks again from Seq, and leaves out what is pushed before that answer.
	More     bool            `json:"more,omitempty"`
	Snapshot json.RawMessage `json:"snapshot,omitempty"`
	Error    *Error          `json:"error,omitempty"`
}

// ResumedEvent is a push that was missed: its event name, and its payload with meta.
type ResumedEvent struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// SyncPing measures the round trip to the server.
type SyncPing struct {
	// At is a time of the client's own clock; the answer repeats it, also when it is 0.
	At *int64 `json:"at,omitempty"`
}

// SyncPong acknowledges [SyncPing].
type SyncPong struct {
	At         *int64 `json:"at,omitempty"`
	ServerTime int64  `json:"serverTime"`
}
