package engineio

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller watches connections with an epoll set of its own. The set is watched by
// the runtime's poller in turn, so that waiting takes no thread.
type poller struct {
	file *os.File
	raw  syscall.RawConn
	fd   int

	mu      sync.Mutex
	streams map[int32]*pollStream

	// tasks passes a stream with something to read to an idle worker, if there is one.
	tasks chan *pollStream
	idle  atomic.Int32
	done  chan struct{}
}

const (
	// pollEvents is how many events are fetched at once.
	pollEvents = 128
	// idleWorkers is how many goroutines stay for the next reads, and workerLinger
	// how long.
	idleWorkers  = 64
	workerLinger = 10 * time.Second
)

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &poller{
		file: file, raw: raw, fd: fd,
		streams: map[int32]*pollStream{},
		tasks:   make(chan *pollStream),
		done:    make(chan struct{}),
	}
	go p.run()
	return p, nil
}

// adopt makes a stream of the connection; ok is false if it is not a plain TCP connection.
func (p *poller) adopt(conn net.Conn, user streamUser) (s stream, ok bool) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, false
	}
	taken, err := p.takeOver(tcp, user)
	if err != nil {
		return nil, false
	}
	return taken, true
}

func (p *poller) add(s *pollStream) error {
	p.mu.Lock()
	p.streams[int32(s.fd)] = s
	p.mu.Unlock()
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(s.fd),
	})
}

func (p *poller) remove(s *pollStream) {
	p.mu.Lock()
	if p.streams[int32(s.fd)] == s {
		delete(p.streams, int32(s.fd))
	}
	p.mu.Unlock()
}

// run fetches events until the poller is closed.
func (p *poller) run() {
	events := make([]unix.EpollEvent, pollEvents)
	ready := make([]*pollStream, pollEvents)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			var failed error
			n, failed = unix.EpollWait(int(fd), events, 0)
			return n > 0 || failed != nil && failed != unix.EINTR
		})
		if err != nil || n < 0 {
			return
		}
		p.mu.Lock()
		for i := range n {
			ready[i] = p.streams[events[i].Fd]
		}
		p.mu.Unlock()
		for i := range n {
			if s := ready[i]; s != nil {
				s.event(events[i].Events)
				ready[i] = nil
			}
		}
	}
}

// work has the stream read by an idle worker, or by a new one if there is none:
// a handler that takes its time holds up its own connection only.
func (p *poller) work(s *pollStream) {
	select {
	case p.tasks <- s:
	default:
		go p.worker(s)
	}
}

func (p *poller) worker(s *pollStream) {
	linger := time.NewTimer(workerLinger)
	defer linger.Stop()
	for {
		s.drain()
		s = nil
		if p.idle.Add(1) > idleWorkers {
			p.idle.Add(-1)
			return
		}
		linger.Reset(workerLinger)
		select {
		case s = <-p.tasks:
			p.idle.Add(-1)
		case <-linger.C:
			p.idle.Add(-1)
			return
		case <-p.done:
			p.idle.Add(-1)
			return
		}
	}
}

// close ends the poller. All its streams have been closed before.
func (p *poller) close() {
	close(p.done)
	_ = p.file.Close()
}
