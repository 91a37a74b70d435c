package siotest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/gorilla/websocket"
)

// maxMessage bounds one message, and one polling answer, in bytes.
const maxMessage = 64 << 20

// separator separates the packets of a polling payload (Engine.IO protocol v4, "HTTP
// long-polling").
const separator = "\x1e"

// transport carries Engine.IO packets as text. A single goroutine calls receive.
type transport interface {
	send(ctx context.Context, packets ...string) error
	receive(ctx context.Context) (packets []string, err error)
	close()
	kind() Transport
}

// dialer opens the transports of a connection, which share a link and cookies.
type dialer struct {
	base   *url.URL // scheme http or https, with the engine's path
	header http.Header
	client *http.Client
	socket websocket.Dialer
}

func newDialer(address string, o options, l *link) (*dialer, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("siotest: bad address: %w", err)
	}
	switch base.Scheme {
	case "ws":
		base.Scheme = "http"
	case "wss":
		base.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("siotest: address %q needs the scheme http, https, ws or wss", address)
	}
	base.Path = o.path
	jar, _ := cookiejar.New(nil) // fails only with bad options
	return &dialer{
		base: base, header: o.header,
		client: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: l.dial, TLSClientConfig: o.tls}},
		socket: websocket.Dialer{NetDialContext: l.dial, TLSClientConfig: o.tls, Jar: jar},
	}, nil
}

// address returns the engine's URL for a transport; sid is empty for a new session.
func (d *dialer) address(t Transport, sid string) string {
	u := *d.base
	query := url.Values{"EIO": {"4"}, "transport": {string(t)}}
	if sid != "" {
		query.Set("sid", sid)
	}
	u.RawQuery = query.Encode()
	if t == WebSocket {
		u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	}
	return u.String()
}

// webSocket opens a WebSocket, for a new session or for an upgrade.
func (d *dialer) webSocket(ctx context.Context, sid string) (transport, error) {
	c, res, err := d.socket.DialContext(ctx, d.address(WebSocket, sid), d.header)
	if res != nil && err != nil {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 512))
		return nil, fmt.Errorf("%w: HTTP %d %s", err, res.StatusCode, body)
	}
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(maxMessage)
	return &webSocket{conn: c}, nil
}

// polling returns the polling transport of a session; it opens no connection yet.
func (d *dialer) polling(sid string) *polling {
	return &polling{dialer: d, address: d.address(Polling, sid)}
}

// webSocket carries one packet per message.
type webSocket struct{ conn *websocket.Conn }

func (w *webSocket) kind() Transport { return WebSocket }

func (w *webSocket) send(_ context.Context, packets ...string) error {
	for _, p := range packets {
		if err := w.conn.WriteMessage(websocket.TextMessage, []byte(p)); err != nil {
			return err
		}
	}
	return nil
}

func (w *webSocket) receive(context.Context) ([]string, error) {
	kind, data, err := w.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, errBinary
	}
	return []string{string(data)}, nil
}

func (w *webSocket) close() { _ = w.conn.Close() }

// polling carries packets in HTTP requests.
type polling struct {
	dialer  *dialer
	address string
}

func (p *polling) kind() Transport { return Polling }

func (p *polling) send(ctx context.Context, packets ...string) error {
	_, err := p.do(ctx, http.MethodPost, strings.NewReader(strings.Join(packets, separator)))
	return err
}

func (p *polling) receive(ctx context.Context) ([]string, error) {
	body, err := p.do(ctx, http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	return strings.Split(body, separator), nil
}

func (p *polling) do(ctx context.Context, method string, body io.Reader) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.address, body)
	if err != nil {
		return "", err
	}
	req.Header = p.dialer.header.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	res, err := p.dialer.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxMessage))
	switch {
	case err != nil:
		return "", err
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("HTTP %d: %s", res.StatusCode, text)
	}
	return string(text), nil
}

func (p *polling) close() { p.dialer.client.CloseIdleConnections() }
