package engineio

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// stream moves the bytes of one connection between the network and a [streamUser].
type stream interface {
	// start begins to read. It is called once.
	start()
	// write writes a part of b without blocking and keeps no reference to b. After a short write
	// without an error, the stream calls writable when it accepts bytes again. Calls of write
	// never overlap.
	write(b []byte) (int, error)
	// finish says that nothing more will be written; the peer may still send.
	finish()
	// close ends the connection, at once or, unless hard, when all that write took
	// is on its way. It may be called more than once.
	close(hard bool)
}

// streamUser receives the events of a stream.
type streamUser interface {
	// received gets what was read, never twice at the same time. It may change b,
	// but not keep it.
	received(b []byte)
	// writable is called from any goroutine and must not block.
	writable()
	// gone says that nothing more will be read. err is nil at the end of the stream.
	gone(err error)
	// closed is the last call: the connection is no more.
	closed()
}

// readBuffer is the size of a buffer for reading.
const readBuffer = 8 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

// netStream is a stream over any net.Conn: a goroutine reads, and one more
// writes while there is something to write.
type netStream struct {
	conn    net.Conn
	user    streamUser
	timeout time.Duration

	mu sync.Mutex
	// busy: a goroutine writes. wanted: a write was refused meanwhile. finishing and
	// ending: what to do when it is done.
	busy, wanted, finishing, ending bool
	once                            sync.Once
}

func newNetStream(conn net.Conn, user streamUser, writeTimeout time.Duration) *netStream {
	return &netStream{conn: conn, user: user, timeout: writeTimeout}
}

func (n *netStream) start() { go n.read() }

func (n *netStream) read() {
	buffer := make([]byte, readBuffer/2)
	for {
		k, err := n.conn.Read(buffer)
		if k > 0 {
			n.user.received(buffer[:k])
		}
		if err != nil {
			n.user.gone(readError(err))
			return
		}
	}
}

func (n *netStream) write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy {
		n.wanted = true
		return 0, nil
	}
	n.busy = true
	go n.send(append([]byte(nil), b...))
	return len(b), nil
}

func (n *netStream) send(b []byte) {
	_ = n.conn.SetWriteDeadline(time.Now().Add(n.timeout))
	_, err := n.conn.Write(b)
	n.mu.Lock()
	n.busy = false
	wanted, finishing, ending := n.wanted, n.finishing, n.ending
	n.wanted = false
	n.mu.Unlock()
	switch {
	case err != nil:
		n.user.gone(err)
	case ending:
		n.end()
	case finishing:
		n.closeWrite()
	case wanted:
		n.user.writable()
	}
}

func (n *netStream) finish() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.finishing = true
	if !n.busy {
		go n.closeWrite()
	}
}

// closeWrite closes one direction where the connection can. If it fails, the
// connection is lost, which reading tells.
func (n *netStream) closeWrite() {
	if half, ok := n.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (n *netStream) close(hard bool) {
	n.mu.Lock()
	wait := n.busy && !hard
	n.ending = n.ending || wait
	n.mu.Unlock()
	if !wait {
		n.end()
	}
}

func (n *netStream) end() {
	n.once.Do(func() {
		_ = n.conn.Close()
		n.user.closed()
	})
}

// readError is nil for the end of a stream.
func readError(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
