package engineio

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/textproto"
	"strings"
)

// keyGUID is part of every WebSocket handshake (RFC 6455, section 1.3).
const keyGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// wantsUpgrade reports whether the request asks for a WebSocket.
func wantsUpgrade(r *http.Request) bool {
	return hasToken(r.Header["Upgrade"], websocketName) && hasToken(r.Header["Connection"], "upgrade")
}

// hasToken looks for a token in a header of comma-separated ones.
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(textproto.TrimString(part), token) {
				return true
			}
		}
	}
	return false
}

// checkWebSocket refuses what is no WebSocket handshake.
func checkWebSocket(w http.ResponseWriter, r *http.Request) error {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	switch {
	case r.Method != http.MethodGet, err != nil, len(key) != 16:
		return errKey
	case r.Header.Get("Sec-Websocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		return errKeyVersion
	default:
		return nil
	}
}

// subprotocol gives the first protocol that the client offers, as the stock server does:
// browsers and Node fail a connection whose offer is not answered. "" is no answer.
func subprotocol(offers []string) string {
	for _, offer := range offers {
		for name := range strings.SplitSeq(offer, ",") {
			if name = textproto.TrimString(name); name != "" {
				if !isToken(name) {
					return ""
				}
				return name
			}
		}
	}
	return ""
}

// isToken reports whether a text is a token of HTTP (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

// greeting is the answer to a WebSocket handshake, with the headers that others
// have set on the ResponseWriter.
func greeting(w http.ResponseWriter, r *http.Request) []byte {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + keyGUID))
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	b.WriteString("\r\n")
	if name := subprotocol(r.Header["Sec-Websocket-Protocol"]); name != "" {
		w.Header().Set("Sec-WebSocket-Protocol", name)
	}
	_ = w.Header().Write(&b)
	b.WriteString("\r\n")
	return []byte(b.String())
}

// accept takes the connection over from net/http, and greets the client. Nothing
// of the request stays with it. Until begin, nothing is read.
func (srv *Server) accept(w http.ResponseWriter, r *http.Request, s *Socket) (*wsConn, error) {
	if err := checkWebSocket(w, r); err != nil {
		return nil, err
	}
	hello := rawFrame(greeting(w, r))
	if !srv.connOpened() {
		return nil, errClosing
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		srv.connClosed()
		return nil, errConnection
	}
	c := &wsConn{socket: s, flusher: srv.nextFlusher()}
	c.deadline.owner = c
	c.decoder.binary = srv.options.Binary
	if n := buffered.Reader.Buffered(); n > 0 {
		early, _ := buffered.Reader.Peek(n)
		c.early = append([]byte(nil), early...)
	}
	c.stream = srv.newStream(conn, c)
	c.push(hello)
	return c, nil
}

// begin reads the bytes that arrived with the handshake, and then the connection. A connection
// that failed before begin ends its session here, because the read error had no session to report
// to.
func (c *wsConn) begin() {
	c.mu.Lock()
	dead := c.phase == phaseDead
	c.mu.Unlock()
	if dead {
		c.socket.lost(c, TransportError)
		return
	}
	if early := c.early; early != nil {
		c.early = nil
		c.received(early)
	}
	c.stream.start()
}
