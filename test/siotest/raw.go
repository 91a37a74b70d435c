package siotest

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// emitWithin bounds the time to send an event.
const emitWithin = 30 * time.Second

// Raw is a connection without a test and without an audit, for programs that record every
// event and acknowledgement in the order of arrival and judge the history themselves.
type Raw struct{ conn *conn }

// Dial opens a connection with auth as the payload of its CONNECT. received is called
// with each event on the reading goroutine, so it must not block.
func Dial(ctx context.Context, address string, auth any, received func(event string, args []json.RawMessage), opts ...Option) (*Raw, error) {
	conn, err := openConn(ctx, opening{
		address: address, o: newOptions(opts), auth: auth,
		received: func(_ *conn, name string, args []json.RawMessage) { received(name, args) },
	})
	if err != nil {
		return nil, err
	}
	return &Raw{conn: conn}, nil
}

// Emit sends an event. acked is called once, in order among the events, if the
// acknowledgement arrives; [Raw.Ended] reports the end of a connection without it.
func (r *Raw) Emit(event string, body any, acked func(args []json.RawMessage)) error {
	ctx, cancel := context.WithTimeout(context.Background(), emitWithin)
	defer cancel()
	return r.conn.emit(ctx, event, []any{body}, acked)
}

// Ended is closed when the connection has ended.
func (r *Raw) Ended() <-chan struct{} { return r.conn.ended }

// Err returns the reason for the end of the connection; nil while it is open.
func (r *Raw) Err() error { return r.conn.err() }

// Close leaves the namespace and closes the connection. It does not wait for a server
// that does not read.
func (r *Raw) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if !r.conn.link.muted() {
		r.conn.engine.leave(ctx, packet{kind: packetDisconnect, namespace: r.conn.namespace}.encode())
	}
	r.conn.end(errors.New("closed by the client"))
}

// Cut ends the connection like a lost network: the server receives a reset.
func (r *Raw) Cut() { r.conn.endBy(errors.New("cut by the client"), true) }

// Vanish leaves a half-open connection: the server receives neither a close nor a reset
// nor further bytes, and the client receives nothing more.
func (r *Raw) Vanish() { r.conn.link.vanish() }

// Pause stops reading until Unpause, as a slow client does.
func (r *Raw) Pause() { r.conn.link.pause() }

// Unpause resumes reading.
func (r *Raw) Unpause() { r.conn.link.resume() }
