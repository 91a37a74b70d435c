package siotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// The types of Engine.IO packets (protocol v4).
const (
	engineOpen    = '0'
	engineClose   = '1'
	enginePing    = '2'
	enginePong    = '3'
	engineMessage = '4'
	engineUpgrade = '5'
	engineNoop    = '6'
)

var (
	errBinary = errors.New("binary attachments are not supported")
	// errClosedByServer is the end of a connection by a close packet.
	errClosedByServer = errors.New("closed by the server")
)

// engine is one Engine.IO session.
type engine struct {
	dialer *dialer
	// silent is the time without a packet after which the server counts as disconnected.
	silent time.Duration
	sid    string

	mu sync.Mutex // held during a write
	t  transport
}

// handshake is the payload of the open packet.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"` // milliseconds
	PingTimeout  int64    `json:"pingTimeout"`  // milliseconds
}

// openEngine opens a session. rest has the packets that came with the handshake, as
// polling servers may send.
func openEngine(ctx context.Context, d *dialer, with Transport) (e *engine, rest []string, err error) {
	e = &engine{dialer: d}
	if with == WebSocket {
		e.t, err = d.webSocket(ctx, "")
	} else {
		e.t = d.polling("")
	}
	if err != nil {
		return nil, nil, err
	}
	packets, err := e.t.receive(ctx)
	if err != nil {
		e.t.close()
		return nil, nil, err
	}
	if err := e.opened(packets[0], with); err != nil {
		e.t.close()
		return nil, nil, err
	}
	return e, packets[1:], nil
}

func (e *engine) opened(packet string, with Transport) error {
	if packet == "" || packet[0] != engineOpen {
		return fmt.Errorf("no handshake but %q", packet)
	}
	var h handshake
	if err := json.Unmarshal([]byte(packet[1:]), &h); err != nil {
		return fmt.Errorf("bad handshake %s: %w", packet, err)
	}
	e.sid = h.SID
	e.silent = time.Duration(h.PingInterval+h.PingTimeout) * time.Millisecond
	if with != WebSocket {
		e.t = e.dialer.polling(h.SID)
	}
	return nil
}

// upgrade changes from polling to a WebSocket, before any other packet is received.
func (e *engine) upgrade(ctx context.Context) (rest []string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ws, err := e.dialer.webSocket(ctx, e.sid)
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	defer func() {
		if err != nil {
			ws.close()
		}
	}()
	if err := ws.send(ctx, string(enginePing)+"probe"); err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	answer, err := ws.receive(ctx)
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	if answer[0] != string(enginePong)+"probe" {
		return nil, fmt.Errorf("upgrade: the probe was answered with %q", answer[0])
	}
	// A last poll collects the pending packets; the server ends that poll with a noop.
	if rest, err = e.t.receive(ctx); err != nil {
		return nil, fmt.Errorf("upgrade: last poll: %w", err)
	}
	if err := ws.send(ctx, string(engineUpgrade)); err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	e.t = ws
	return rest, nil
}

// send sends messages.
func (e *engine) send(ctx context.Context, messages ...string) error {
	packets := make([]string, len(messages))
	for i, m := range messages {
		packets[i] = string(engineMessage) + m
	}
	return e.write(ctx, packets...)
}

func (e *engine) write(ctx context.Context, packets ...string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.t.send(ctx, packets...)
}

// receive waits for packets and returns their messages; it answers pings.
func (e *engine) receive(ctx context.Context) ([]string, error) {
	e.mu.Lock()
	t := e.t
	e.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, e.silent, fmt.Errorf("the server was silent for %v", e.silent))
	defer cancel()
	defer context.AfterFunc(ctx, t.close)()
	packets, err := t.receive(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	return e.messages(ctx, packets)
}

func (e *engine) messages(ctx context.Context, packets []string) (messages []string, err error) {
	for _, p := range packets {
		switch {
		case p == "" || p[0] == engineNoop:
		case p[0] == engineMessage:
			messages = append(messages, p[1:])
		case p[0] == enginePing:
			err = e.write(ctx, string(enginePong)+p[1:])
		case p[0] == engineClose:
			err = errClosedByServer
		case strings.HasPrefix(p, "b"):
			err = errBinary
		default:
			err = fmt.Errorf("unexpected packet %q", p)
		}
		if err != nil {
			return messages, err
		}
	}
	return messages, nil
}

// leave sends a last message; over polling it also ends the session, which a WebSocket
// ends by closing.
func (e *engine) leave(ctx context.Context, message string) {
	packets := []string{string(engineMessage) + message}
	if e.kind() == Polling {
		packets = append(packets, string(engineClose))
	}
	_ = e.write(ctx, packets...) // a closed connection needs no close packet
}

func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.t.close()
}

func (e *engine) kind() Transport {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.t.kind()
}
