package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// The errors of the Engine.IO handshake, as the reference implementation numbers them.
var (
	engineUnknownTransport = engineError{0, "Transport unknown"}
	engineUnknownSession   = engineError{1, "Session ID unknown"}
	engineBadMethod        = engineError{2, "Bad handshake method"}
	engineBadRequest       = engineError{3, "Bad request"}
	engineForbidden        = engineError{4, "Forbidden"}
	engineBadProtocol      = engineError{5, "Unsupported protocol version"}
)

type engineError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// maxSession is the longest session id there can be.
const maxSession = 64

// packetSeparator stands between the packets of a polling payload.
const packetSeparator = 0x1e

// kept are the request headers that the engine is shown. It keeps a connection's
// first request for as long as the connection lives: no cookie and no
// authorization is kept with it.
var kept = []string{
	"Connection", "Upgrade", "Content-Type",
	"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol",
}

// ServeHTTP serves Engine.IO on the configured path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.TrimSuffix(r.URL.Path, "/") != s.path {
		http.NotFound(w, r)
		return
	}
	if !s.origins.allows(r) {
		refuse(w, http.StatusForbidden, engineForbidden)
		return
	}
	s.origins.answer(w.Header(), r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, engineBadRequest)
		return
	}
	if wrong := s.checkQuery(r.Method, query); wrong != nil {
		refuse(w, http.StatusBadRequest, *wrong)
		return
	}
	switch session := query.Get("sid"); {
	case query.Get("transport") == "websocket":
		s.serveWebSocket(w, r)
	case r.Method == http.MethodPost:
		s.servePost(w, r, session)
	default:
		s.servePoll(w, r, session)
	}
}

// checkQuery finds what is wrong with the parameters of a request. Each may be
// given once, so that all who read them read the same.
func (s *Server) checkQuery(method string, q url.Values) *engineError {
	if len(q["sid"]) > 1 || len(q["transport"]) > 1 || len(q["EIO"]) > 1 || q.Has("j") {
		return &engineBadRequest
	}
	session, isNew := q.Get("sid"), !q.Has("sid")
	switch {
	case !s.transports[q.Get("transport")]:
		return &engineUnknownTransport
	case !isNew && !plausibleSession(session):
		return &engineUnknownSession
	case isNew && method != http.MethodGet:
		return &engineBadMethod
	case method != http.MethodGet && method != http.MethodPost:
		return &engineBadRequest
	case q.Get("EIO") != "4":
		return &engineBadProtocol
	}
	return nil
}

func plausibleSession(id string) bool {
	if id == "" || len(id) > maxSession {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.#:", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// serveWebSocket upgrades. What the client sends is held back until the engine,
// which starts to read while it still sets itself up, has done so.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	held := &heldWriter{ResponseWriter: w}
	defer held.release()
	s.engine.ServeHTTP(held, trimmed(r.Context(), r))
}

// servePost takes in what a polling client sends.
func (s *Server) servePost(w http.ResponseWriter, r *http.Request, session string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.maxMessage))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	case err != nil, !validPayload(body):
		s.hangUp(session)
		refuse(w, http.StatusBadRequest, engineBadRequest)
		return
	}
	shown := trimmed(context.WithoutCancel(r.Context()), r)
	shown.Body = io.NopCloser(bytes.NewReader(body))
	shown.ContentLength = int64(len(body))
	newPoll(shown).serve(r.Context(), s.engine, w, nil)
}

// servePoll lets a polling client wait for what the server sends. If its session
// ends while it waits, it is told so with a close packet.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request, session string) {
	p := newPoll(trimmed(context.WithoutCancel(r.Context()), r))
	if session != "" {
		s.polls.add(session, p)
		defer s.polls.remove(session, p)
	}
	p.serve(r.Context(), s.engine, w, closePacket)
}

// validPayload tells whether each packet of a payload has a type.
func validPayload(body []byte) bool {
	for packet := range bytes.SplitSeq(body, []byte{packetSeparator}) {
		if len(packet) == 0 || (packet[0] != 'b' && (packet[0] < '0' || packet[0] > '6')) {
			return false
		}
	}
	return true
}

// trimmed is the request as the engine gets it: without an origin, which was
// checked here, and without what must not be kept.
func trimmed(ctx context.Context, r *http.Request) *http.Request {
	shown := r.WithContext(ctx)
	shown.Header = make(http.Header, len(kept))
	for _, name := range kept {
		if values := r.Header[name]; len(values) > 0 {
			shown.Header[name] = values
		}
	}
	return shown
}

func refuse(w http.ResponseWriter, status int, e engineError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that does not read its refusal has no use for it.
	_ = json.NewEncoder(w).Encode(e)
}
