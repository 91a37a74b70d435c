package wire

// Meta is the position of a push, or of the state in an acknowledgement, in its stream. A
// client applies a push whose Seq is its last Seq plus one, drops a push with a Seq that
// is not larger, and calls [SyncResume] on a gap or another Epoch.
type Meta struct {
	// Stream is the name of the stream, as in "lobby:01J…".
	Stream string `json:"stream"`
	// Epoch changes when the server lost the stream's history.
	Epoch string `json:"epoch"`
	// Seq counts the events of a stream: 1, 2, 3 … without gaps.
	Seq uint64 `json:"seq"`
	// TS is the time of the commit, in milliseconds since the epoch.
	TS int64 `json:"ts"`
}

// Ack is the answer to every request: Data when OK, otherwise Error.
type Ack struct {
	OK    bool   `json:"ok"`
	Data  any    `json:"data,omitempty"`
	Meta  *Meta  `json:"meta,omitempty"`
	Error *Error `json:"error,omitempty"`
}

// Key is the idempotency key of a mutation. A repeat of the same request with the same
// key gets the same answer and has no second effect while the server remembers the key
// (RuntimeConfig recovery.idempotencyTTL, per user), on any connection and server. A
// repeat during the first attempt waits for that attempt's answer; after too long a wait
// the repeat is refused with [CodeUnavailable] and may be sent again. The same key with
// another request is refused with [CodeIdempotencyMismatch]. A refused request is not
// remembered. Without a key, the request cannot be repeated safely.
type Key struct {
	Key string `json:"key,omitempty" validate:"max=64"`
}

// IdempotencyKey returns the key; the session finds it in any request that embeds Key.
func (k Key) IdempotencyKey() string { return k.Key }
