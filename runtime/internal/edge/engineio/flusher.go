package engineio

import (
	"runtime"
	"sync/atomic"
)

// batchSize is how many bytes a flusher puts together for one write.
const batchSize = 64 << 10

// flusher writes the outboxes of its connections, a batch each in round robin. A single goroutine
// runs it, so that a connection never has two writers.
type flusher struct {
	// head is the latest of the connections that wait to be flushed.
	head    atomic.Pointer[wsConn]
	wake    chan struct{}
	done    chan struct{}
	scratch []byte
	// frames, writes and bytes count what was written.
	frames, writes, bytes atomic.Uint64
}

func newFlusher(done chan struct{}) *flusher {
	return &flusher{
		wake:    make(chan struct{}, 1),
		done:    done,
		scratch: make([]byte, 0, batchSize),
	}
}

// add puts the connection on the list; its caller has made sure it is not there yet.
func (f *flusher) add(c *wsConn) {
	for {
		head := f.head.Load()
		c.next = head
		if !f.head.CompareAndSwap(head, c) {
			continue
		}
		if head == nil {
			select {
			case f.wake <- struct{}{}:
			default:
			}
		}
		return
	}
}

// run lets all who are ready to run go first, before each round of writes: what they
// have to send then goes out in one write a connection with what waits already, where
// a flusher that is woken for each message is ahead of those that are still being read.
// When nobody else is ready, that costs nothing.
func (f *flusher) run() {
	for {
		runtime.Gosched()
		c := f.take()
		if c == nil {
			select {
			case <-f.wake:
				continue
			case <-f.done:
				return
			}
		}
		for c != nil {
			next := c.next
			c.next = nil
			c.flush(f)
			c = next
		}
	}
}

// take empties the list, oldest first.
func (f *flusher) take() (oldest *wsConn) {
	for c := f.head.Swap(nil); c != nil; {
		next := c.next
		c.next, oldest = oldest, c
		c = next
	}
	return oldest
}
