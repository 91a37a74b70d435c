package engineio

import (
	"log/slog"
	"math"
	"net/http"
	"time"
)

// Handler is the owner's side of a [Server]. The calls for a socket are sequential: Open first,
// Close last. A call may block; it delays only its own socket.
type Handler interface {
	// Open tells of a new session. Nothing is read from the client before it
	// returns. The request is that of the handshake, and only valid during the call.
	Open(s *Socket, r *http.Request)
	// Message gives what the client sent. The payload is only valid during the call.
	Message(s *Socket, kind Kind, payload []byte)
	// Close tells that the session has ended.
	Close(s *Socket, reason Reason)
}

// Options of a [Server]. What is 0 or nil has the default given.
type Options struct {
	// Path of the requests, with a slash at the end: "/engine.io/".
	Path string
	// PingInterval is between the answer to a ping and the next ping: 25 s.
	// PingTimeout is how long an answer may take: 20 s.
	PingInterval, PingTimeout time.Duration
	// UpgradeTimeout is how long an upgrade may take: 10 s.
	UpgradeTimeout time.Duration
	// CloseTimeout is how long the client may take to close a WebSocket once the
	// server has begun to, and to fetch the last packets of a polling session: 5 s.
	CloseTimeout time.Duration
	// WriteTimeout is how long a client may take nothing of what is to be written: 10 s.
	WriteTimeout time.Duration
	// ReadTimeout is for the body of a POST: 10 s.
	ReadTimeout time.Duration
	// MaxPayload is the largest message, and the largest POST, in bytes: 1,000,000.
	MaxPayload int
	// EarlyPayload is the same for a client that the owner does not trust yet, see
	// [Socket.Trust]; 0 makes no difference.
	EarlyPayload int
	// OutboundBytes bounds what waits to be written to a client: 1 MiB. A session
	// that would exceed it is closed as a slow consumer; a frame of up to 4 MiB may
	// wait alone.
	OutboundBytes int
	// OutboundLimit, if it is not nil, returns the bound for each frame, so that the bound may
	// change while sessions are open; 0 is no bound. It must be quick.
	OutboundLimit func() int
	// SendBuffer is asked of the kernel for each WebSocket connection, in bytes: 64 KiB.
	// Left to itself it takes some megabytes for a client that does not read.
	SendBuffer int
	// Binary accepts binary messages. Otherwise they close the session.
	Binary bool
	// NoPolling and NoWebSocket switch a transport off, NoUpgrade the way between.
	NoPolling, NoWebSocket, NoUpgrade bool

	// Allow may refuse a handshake, before anything is done for it. A [Refusal] says
	// how; other errors answer 403 with their text.
	Allow func(r *http.Request) error
	// AllowOrigin refuses pages of an origin with its error, as Allow does; nil asks
	// nothing and sends no CORS headers. It is not asked where no Origin header came.
	AllowOrigin func(r *http.Request, origin string) error
	// Refused is called for each refused request: the reason is one of [RefusedReasons], the
	// message is the text sent to the client. It must not block.
	Refused func(r *http.Request, reason, message string)
	// AllowCredentials lets pages send cookies; it only matters with AllowOrigin.
	AllowCredentials bool
	// GenerateID makes session ids: 1 to 36 characters of A-Za-z0-9-_, which no one
	// can guess. The default is 120 random bits.
	GenerateID func(r *http.Request) (string, error)
	// IDPrefix begins the ids of the default GenerateID: up to 16 characters of theirs.
	IDPrefix string
	// Backlog is called when more than half of OutboundBytes waits, and again only after the
	// outbox has fallen below a quarter. The sender's goroutine calls it, so it must not block.
	Backlog func(s *Socket)
	// Relief is called when the outbox has fallen below a quarter, from its own goroutine.
	Relief func(s *Socket)
	// Log gets what handlers panic with; nil is slog's default.
	Log *slog.Logger

	// portable keeps to net.Conn where a descriptor could be taken over.
	portable bool
}

// aloneBytes is how large a frame may be that waits alone, in bytes, where OutboundBytes are
// less: so that one document may be larger than what waits, and nothing is without a bound.
const aloneBytes = 4 << 20

// room reports whether an outbox takes a frame.
func (o *outbox) room(f *Frame, bound int) bool {
	if o.empty() {
		return len(f.wire) <= max(bound, aloneBytes)
	}
	return o.bytes+len(f.wire) <= bound
}

// bound is how many bytes may wait for a client right now.
func (o *Options) bound() int {
	if o.OutboundLimit == nil {
		return o.OutboundBytes
	}
	if limit := o.OutboundLimit(); limit > 0 {
		return limit
	}
	return math.MaxInt
}

func (o Options) withDefaults() Options {
	if o.Path == "" {
		o.Path = "/engine.io/"
	}
	fallback(&o.PingInterval, 25*time.Second)
	fallback(&o.PingTimeout, 20*time.Second)
	fallback(&o.UpgradeTimeout, 10*time.Second)
	fallback(&o.CloseTimeout, 5*time.Second)
	fallback(&o.WriteTimeout, 10*time.Second)
	fallback(&o.ReadTimeout, 10*time.Second)
	fallback(&o.MaxPayload, 1_000_000)
	fallback(&o.OutboundBytes, 1<<20)
	fallback(&o.SendBuffer, 64<<10)
	if o.GenerateID == nil {
		prefix := o.IDPrefix
		o.GenerateID = func(*http.Request) (string, error) { return prefix + randomID(), nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func fallback[T ~int | ~int64](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}
