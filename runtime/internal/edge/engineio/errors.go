package engineio

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Why a request was refused, as a metric's label: all reasons that [Options.Refused] is given.
const (
	RefusedTransport = "transport" // a transport that is unknown or switched off
	RefusedSession   = "session"   // a session that is over, or never was
	RefusedMethod    = "method"    // a handshake that is no GET
	RefusedRequest   = "request"   // a request that breaks the protocol
	RefusedOrigin    = "origin"    // a page of a foreign origin
	RefusedVersion   = "version"   // another revision of the protocol
	RefusedClosing   = "closing"   // the server stops
	RefusedOwner     = "owner"     // by Options.Allow
)

// RefusedReasons lists all reasons for a refused request.
func RefusedReasons() []string {
	return []string{
		RefusedTransport, RefusedSession, RefusedMethod, RefusedRequest,
		RefusedOrigin, RefusedVersion, RefusedClosing, RefusedOwner,
	}
}

// protocolError is a refused request: its number and the first words of its text are
// Engine.IO's.
type protocolError struct {
	code            int
	message, reason string
}

var (
	errUnknownTransport = &protocolError{0, "Transport unknown", RefusedTransport}
	errUnknownSession   = &protocolError{1, "Session ID unknown", RefusedSession}
	errHandshakeMethod  = &protocolError{2, "Bad handshake method", RefusedMethod}
	errProtocolVersion  = &protocolError{5, "Unsupported protocol version", RefusedVersion}
)

// codeForbidden is Engine.IO's number for a refusal by the server's owner.
const codeForbidden = 4

// badRequest refuses a request that breaks the protocol; detail says how it does.
func badRequest(detail string) *protocolError {
	return &protocolError{3, "Bad request: " + detail, RefusedRequest}
}

var (
	errOriginText   = badRequest("the Origin header has control characters")
	errGetBody      = badRequest("a GET has no body")
	errNoUpgrade    = badRequest("transport=websocket needs the headers of a WebSocket handshake")
	errUpgrade      = badRequest("a WebSocket handshake needs transport=websocket")
	errCarried      = badRequest("the session uses the other transport")
	errSessionID    = badRequest("no session id could be made")
	errKey          = badRequest("a WebSocket handshake is a GET with a Sec-WebSocket-Key of 16 bytes in base64")
	errKeyVersion   = badRequest("Sec-WebSocket-Version must be 13")
	errConnection   = badRequest("the connection cannot become a WebSocket; HTTP/1.1 is needed")
	errQueryLong    = badRequest("the query has more than 2048 bytes or 32 parameters")
	errQueryJSONP   = badRequest("JSONP (j) is not served")
	errQueryTwice   = badRequest("EIO, transport and sid may be given once")
	errQueryEscape  = badRequest("the query has an invalid escape")
	errOverlap      = badRequest("another request of this kind is under way for the session")
	errContentType  = badRequest("a POST has text; application/octet-stream is of protocol revision 3")
	errBody         = badRequest("the body could not be read")
	errPayloadParts = badRequest("the body is no payload of packets")
	errPingSent     = badRequest("clients do not send pings in protocol revision 4")
	errBinaryBody   = badRequest("binary messages are not accepted")
)

func (e *protocolError) Error() string { return e.message }

// Refusal is an error of [Options.Allow] that says how to refuse.
type Refusal struct {
	// Status of the answer; 0 is 403.
	Status int
	// Message is shown to the client.
	Message string
	// RetryAfter is sent in seconds, rounded up, if it is more than 0.
	RetryAfter time.Duration
	// Reason is for [Options.Refused]; "" is RefusedOwner.
	Reason string
}

func (r *Refusal) Error() string { return r.Message }

// refused is the answer to a refused request.
type refused struct {
	status          int
	code            int
	message, reason string
	retry           time.Duration
}

// explain turns any error of the checks into an answer. Errors that are no
// [Refusal] become "forbidden" with their text, as in the reference.
func explain(err error) refused {
	var protocol *protocolError
	if errors.As(err, &protocol) {
		return refused{status: http.StatusBadRequest, code: protocol.code, message: protocol.message, reason: protocol.reason}
	}
	answer := refused{status: http.StatusForbidden, code: codeForbidden, message: err.Error(), reason: RefusedOwner}
	var r *Refusal
	if errors.As(err, &r) {
		answer.retry = r.RetryAfter
		answer.status = cmp.Or(r.Status, answer.status)
		answer.reason = cmp.Or(r.Reason, answer.reason)
	}
	answer.message = cmp.Or(answer.message, "Forbidden: the server gave no reason")
	return answer
}

// refuse answers a request that the checks turned away, and counts it. An upgrade gets
// a plain text, all others get JSON. The status is the same for both.
func (srv *Server) refuse(w http.ResponseWriter, r *http.Request, err error, upgrade bool) {
	srv.refusals.Add(1)
	a := explain(err)
	if srv.options.Refused != nil {
		srv.options.Refused(r, a.reason, a.message)
	}
	h := w.Header()
	if a.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((a.retry+time.Second-1)/time.Second), 10))
	}
	if upgrade {
		h.Set("Connection", "close")
		h.Set("X-Content-Type-Options", "nosniff") // the text may quote the request
		write(w, a.status, "text/plain; charset=UTF-8", []byte(a.message))
		return
	}
	body, _ := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{a.code, a.message})
	write(w, a.status, "application/json", body)
}

// write sends a whole answer. A write error is ignored: the client of a broken connection sees
// the failure of its own request.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
