package wire

// Meta is the place of a push, or of the state in an acknowledgement, in its
// stream. A client applies a push whose Seq is its last plus one, drops one
// whose Seq is not larger, and calls [SyncResume] on a gap or another Epoch.
type Meta struct {
	// Stream is the name of the stream, as in "lobby:01J…".
	Stream string `json:"stream"`
	// Epoch changes when the server lost the stream's past.
	Epoch string `json:"epoch"`
	// Seq counts the events of one stream: 1, 2, 3 … without holes.
	Seq uint64 `json:"seq"`
	// TS is when the event was committed, in milliseconds since the epoch.
	TS int64 `json:"ts"`
}

// Ack is the answer to every request: Data when OK, otherwise Error.
type Ack struct {
	OK    bool   `json:"ok"`
	Data  any    `json:"data,omitempty"`
	Meta  *Meta  `json:"meta,omitempty"`
	Error *Error `json:"error,omitempty"`
}

// Key is the idempotency key of a mutation. The same key with the same request
// gives the same answer and has no second effect for as long as the server
// remembers it (RuntimeConfig recovery.idempotencyTTL, per user), on any connection and
// server. An attempt that comes while an earlier one is under way waits for its answer; when
// that takes too long it is refused with [CodeUnavailable], and may be sent again. The same key
// with another request is refused with [CodeIdempotencyMismatch]. A request that
// was refused is not remembered. Empty means that the request may not be
// repeated safely.
type Key struct {
	Key string `json:"key,omitempty" validate:"max=64"`
}

// IdempotencyKey returns the key; it lets the session find it in any request
// that embeds Key.
func (k Key) IdempotencyKey() string { return k.Key }
