package engineio

// Reason says why a session ended. The texts of those that the reference
// implementation knows are its own, since Socket.IO hands them to applications.
type Reason string

// Reasons for the end of a session.
const (
	// TransportClose: the client closed the session or its connection.
	TransportClose Reason = "transport close"
	// TransportError: the connection failed, or the client broke the transport's
	// rules (two polls at once, a ping to the server, an invalid WebSocket frame).
	TransportError Reason = "transport error"
	// ParseError: a packet that cannot be read.
	ParseError Reason = "parse error"
	// PingTimeout: no answer to a ping in time.
	PingTimeout Reason = "ping timeout"
	// ForcedClose: the owner closed the socket.
	ForcedClose Reason = "forced close"
	// SlowConsumer: the outbox was full, or nothing could be written for the write timeout.
	SlowConsumer Reason = "slow consumer"
	// ServerClose: the server is closing.
	ServerClose Reason = "server shutting down"
)

// Code is a WebSocket close code (RFC 6455, section 7.4).
type Code uint16

// Close codes that the server sends. Owners may use those from 3000 to 4999 too.
const (
	CodeNormal      Code = 1000
	CodeGoingAway   Code = 1001
	CodeProtocol    Code = 1002
	CodeUnsupported Code = 1003
	CodeInvalidData Code = 1007
	CodePolicy      Code = 1008
	CodeTooBig      Code = 1009
	CodeInternal    Code = 1011
	CodeTryAgain    Code = 1013

	// codeNone represents a close frame without a code.
	codeNone Code = 1005
)

// code is the close code that tells a client the reason.
func (r Reason) code() Code {
	switch r {
	case ParseError, TransportError:
		return CodeProtocol
	case PingTimeout:
		return CodePolicy
	case SlowConsumer:
		return CodeTryAgain
	case ServerClose:
		return CodeGoingAway
	default:
		return CodeNormal
	}
}

// received reports whether a peer may send the code.
func (c Code) received() bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	default:
		return false
	}
}
