package serverapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// failure is the body of a refusal: the same error that clients get.
type failure struct {
	Error *wire.Error `json:"error"`
}

// respond writes a JSON body. What goes wrong then is the client's loss alone.
func respond(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer cannot be written","retryable":false}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// refuse answers with an error, and logs the details that the answer leaves out.
func (s *Server) refuse(w http.ResponseWriter, r route, err error) wire.Code {
	told := s.told(r.path, err)
	if told.RetryAfterMs > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((told.RetryAfterMs+999)/1000, 10))
	}
	if told.Code == wire.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	respond(w, status(told.Code), failure{told})
	return told.Code
}

// told returns the error in the form of the server API.
func (s *Server) told(path string, err error) *wire.Error {
	told := session.Refusal(err)
	var known *wire.Error
	if told.Code == wire.CodeInternal && !errors.As(err, &known) {
		s.Log.Error("a request to the server API failed", "path", path, "error", err)
	}
	return told
}

// status is the HTTP status of a code.
func status(code wire.Code) int {
	switch code {
	case wire.CodeInvalidArgument:
		return http.StatusBadRequest
	case wire.CodeUnauthenticated:
		return http.StatusUnauthorized
	case wire.CodePermissionDenied:
		return http.StatusForbidden
	case wire.CodeNotFound:
		return http.StatusNotFound
	case wire.CodePayloadTooLarge:
		return http.StatusRequestEntityTooLarge
	case wire.CodeIdempotencyMismatch:
		return http.StatusUnprocessableEntity
	case wire.CodeRateLimited:
		return http.StatusTooManyRequests
	case wire.CodeUnavailable, wire.CodeDraining:
		return http.StatusServiceUnavailable
	case wire.CodeDeadlineExceeded:
		return http.StatusGatewayTimeout
	case wire.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusConflict
}
