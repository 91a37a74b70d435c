package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Names of the transports.
const (
	pollingName   = "polling"
	websocketName = "websocket"
)

var errClosing = &Refusal{
	Status: http.StatusServiceUnavailable, Message: "Server is closing", RetryAfter: time.Second, Reason: RefusedClosing,
}

// verify checks a request in the order of the reference, so that each fault has
// its own answer. The socket is nil for a handshake.
func (srv *Server) verify(q query, r *http.Request, upgrade bool) (*Socket, error) {
	if q.transport == pollingName && srv.options.NoPolling ||
		q.transport == websocketName && srv.options.NoWebSocket ||
		q.transport != pollingName && q.transport != websocketName {
		return nil, errUnknownTransport
	}
	if q.sid != "" {
		return srv.verifySession(q, upgrade)
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, errHandshakeMethod
	case upgrade && q.transport != websocketName:
		return nil, errUpgrade
	case !upgrade && q.transport == websocketName:
		return nil, errNoUpgrade
	case q.version != "4":
		return nil, errProtocolVersion
	case srv.options.Allow == nil:
		return nil, nil
	}
	return nil, srv.options.Allow(r)
}

func (srv *Server) verifySession(q query, upgrade bool) (*Socket, error) {
	s := srv.find(q.sid)
	switch {
	case s == nil:
		return nil, errUnknownSession
	case upgrade && q.transport != websocketName, !upgrade && q.transport != s.Transport():
		return nil, errCarried
	}
	return s, nil
}

// openSession makes a session and tells the owner.
func (srv *Server) openSession(w http.ResponseWriter, r *http.Request, upgrade bool) {
	s, err := srv.newSocket(r)
	if err != nil {
		srv.refuse(w, r, err, upgrade)
		return
	}
	if upgrade {
		srv.openWebSocket(w, r, s)
		return
	}
	s.polling = newPolling()
	s.polling.out.push(packetFrame(srv.openPacket(s, false)))
	s.mu.Unlock()
	srv.tellOpen(s, r)
	s.servePoll(w, r)
}

// openWebSocket queues the greeting and the open packet before anyone else can
// queue anything.
func (srv *Server) openWebSocket(w http.ResponseWriter, r *http.Request, s *Socket) {
	c, err := srv.accept(w, r, s)
	if err != nil {
		s.mu.Unlock()
		s.shut(TransportError, ending{now: true})
		s.events.Unlock()
		srv.refuse(w, r, err, true)
		return
	}
	c.push(packetFrame(srv.openPacket(s, true)))
	s.ws.Store(c)
	s.mu.Unlock()
	srv.tellOpen(s, r)
	c.begin()
}

// tellOpen starts the heartbeat and calls the owner, before anyone else can.
func (srv *Server) tellOpen(s *Socket, r *http.Request) {
	defer s.release()
	defer s.guard()
	s.schedulePing()
	srv.handler.Open(s, r)
}

// newSocket registers a session under a new id. Both its locks are held: mu until it
// has a transport, since others can find it from now on, and events until Open returns.
func (srv *Server) newSocket(r *http.Request) (*Socket, error) {
	id, err := srv.options.GenerateID(r)
	if err != nil || !validID(id) {
		return nil, errSessionID
	}
	s := &Socket{server: srv, id: id, remote: strings.Clone(r.RemoteAddr)}
	s.beat.owner = s
	s.events.Lock()
	s.mu.Lock()
	return s, srv.register(s)
}

// openPacket builds the packet with the session id and the transport's settings.
func (srv *Server) openPacket(s *Socket, websocket bool) string {
	upgrades := []string{}
	if !websocket && !srv.options.NoUpgrade && !srv.options.NoWebSocket {
		upgrades = append(upgrades, websocketName)
	}
	// These types always marshal.
	body, _ := json.Marshal(struct {
		ID           string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{
		s.id, upgrades, srv.options.PingInterval.Milliseconds(),
		srv.options.PingTimeout.Milliseconds(), srv.options.MaxPayload,
	})
	return string(packetOpen) + string(body)
}

// randomID gives 20 characters that no one can guess; crypto/rand does not fail.
func randomID() string {
	var b [15]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
