package engineio

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// protocolError is a refused request: its number and text are Engine.IO's.
type protocolError struct {
	code    int
	message string
}

var (
	errUnknownTransport = &protocolError{0, "Transport unknown"}
	errUnknownSession   = &protocolError{1, "Session ID unknown"}
	errHandshakeMethod  = &protocolError{2, "Bad handshake method"}
	errBadRequest       = &protocolError{3, "Bad request"}
	errForbidden        = &protocolError{4, "Forbidden"}
	errProtocolVersion  = &protocolError{5, "Unsupported protocol version"}
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
}

func (r *Refusal) Error() string { return r.Message }

// refused is what a client is answered.
type refused struct {
	status  int
	code    int
	message string
	retry   time.Duration
}

// explain turns any error of the checks into an answer. Errors that are no
// [Refusal] become "forbidden" with their text, as in the reference.
func explain(err error) refused {
	var protocol *protocolError
	if errors.As(err, &protocol) {
		status := http.StatusBadRequest
		if protocol == errForbidden {
			status = http.StatusForbidden
		}
		return refused{status: status, code: protocol.code, message: protocol.message}
	}
	answer := refused{status: http.StatusForbidden, code: errForbidden.code, message: err.Error()}
	var r *Refusal
	if errors.As(err, &r) {
		answer.retry = r.RetryAfter
		if r.Status != 0 {
			answer.status = r.Status
		}
	}
	if answer.message == "" {
		answer.message = errForbidden.message
	}
	return answer
}

// refuse answers a request that the checks turned away. An upgrade gets a plain
// text and status 400 unless the refusal says otherwise, all others get JSON.
func refuse(w http.ResponseWriter, err error, upgrade bool) {
	a := explain(err)
	h := w.Header()
	if a.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((a.retry+time.Second-1)/time.Second), 10))
	}
	if upgrade {
		if a.status == http.StatusForbidden {
			a.status = http.StatusBadRequest
		}
		h.Set("Connection", "close")
		write(w, a.status, "text/html", []byte(a.message))
		return
	}
	body, _ := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{a.code, a.message})
	write(w, a.status, "application/json", body)
}

// write sends a whole answer. A client that is gone by then has lost it, which
// its own request tells it.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
