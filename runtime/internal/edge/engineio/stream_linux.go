package engineio

import (
	"errors"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pollStream is a stream over a TCP connection whose file descriptor is our own
// and which a poller watches. While nothing happens it holds no goroutine.
type pollStream struct {
	user   streamUser
	poller *poller
	fd     int
	// holders counts the users of the descriptor, the owner included. The last user closes it, so
	// that nobody uses a number that the kernel has given to another connection.
	holders atomic.Int32
	ended   atomic.Bool
	// reading is one of the states below.
	reading atomic.Int32
	// hangup: the peer has closed its side, so a short read is not the end yet.
	hangup atomic.Bool
	// blocked: a write was short, and writable must be called at the next chance.
	blocked atomic.Bool
}

// States of reading: nobody reads; somebody does; somebody does, and more has come.
const (
	readIdle int32 = iota
	readBusy
	readMore
)

// takeOver makes a stream of a plain TCP connection, of which nothing remains
// with the runtime: its descriptor is duplicated and the original closed.
func (p *poller) takeOver(conn *net.TCPConn, user streamUser) (*pollStream, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	err = raw.Control(func(original uintptr) {
		fd, failed = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	_ = conn.Close()
	s := &pollStream{user: user, poller: p, fd: fd}
	s.holders.Store(1)
	return s, nil
}

func (s *pollStream) start() {
	if !s.hold() {
		return
	}
	err := s.poller.add(s)
	if s.ended.Load() {
		s.poller.remove(s)
	}
	s.release()
	if err != nil {
		s.user.gone(err)
	}
}

// hold keeps the descriptor from being closed. It fails once close was called.
func (s *pollStream) hold() bool {
	for {
		n := s.holders.Load()
		if n == 0 || s.ended.Load() {
			return false
		}
		if s.holders.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *pollStream) release() {
	if s.holders.Add(-1) == 0 {
		_ = unix.Close(s.fd)
		s.user.closed()
	}
}

func (s *pollStream) close(bool) {
	if s.ended.Swap(true) {
		return
	}
	s.poller.remove(s)
	s.release()
}

func (s *pollStream) finish() {
	if s.hold() {
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
		s.release()
	}
}

func (s *pollStream) write(b []byte) (int, error) {
	if !s.hold() {
		return 0, net.ErrClosed
	}
	defer s.release()
	done := 0
	for done < len(b) {
		n, err := unix.Write(s.fd, b[done:])
		switch {
		case err == nil:
			done += n
			s.blocked.Store(false)
		case err == unix.EINTR:
		case err != unix.EAGAIN:
			return done, err
		// The event may have come before the mark was set: try once more with it set.
		case s.blocked.Swap(true):
			return done, nil
		}
	}
	return done, nil
}

// event is what the poller has seen.
func (s *pollStream) event(mask uint32) {
	if mask&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 && s.blocked.Swap(false) {
		s.user.writable()
	}
	if mask&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		s.hangup.Store(true)
	}
	if mask&^unix.EPOLLOUT == 0 {
		return
	}
	for {
		if s.reading.CompareAndSwap(readIdle, readBusy) {
			s.poller.work(s)
			return
		}
		if s.reading.Load() == readMore || s.reading.CompareAndSwap(readBusy, readMore) {
			return
		}
	}
}

// drain reads until there is nothing more.
func (s *pollStream) drain() {
	buffer := readBuffers.Get().(*[readBuffer]byte)
	defer readBuffers.Put(buffer)
	for {
		more, err := s.read(buffer[:])
		if err != nil {
			s.user.gone(readError(err))
			return
		}
		if more {
			continue
		}
		if s.reading.CompareAndSwap(readBusy, readIdle) {
			return
		}
		s.reading.Store(readBusy)
	}
}

// read reads once and reports whether there may be more.
func (s *pollStream) read(buffer []byte) (more bool, err error) {
	if !s.hold() {
		return false, net.ErrClosed
	}
	n, err := unix.Read(s.fd, buffer)
	s.release()
	switch {
	case err == unix.EINTR:
		return true, nil
	case err == unix.EAGAIN:
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, io.EOF
	}
	s.user.received(buffer[:n])
	return n == len(buffer) || s.hangup.Load(), nil
}
