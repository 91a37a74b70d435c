//go:build linux

package drive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/anteroom/anteroom/test/load/measure"
)

// Work is the work of the clients.
type Work struct {
	// Window is the number of pending messages of each room: when a message has reached
	// all members, the next one is sent. Rate, if set, is the number of deliveries per
	// second, evenly over time and rooms.
	Window, Rate int
	// Warmup precedes Measure, and is not counted.
	Warmup, Measure time.Duration
	// Begin and End are called at the beginning and the end of the measurement.
	Begin, End func()
}

// Seen has the clients' observations during the measurement.
type Seen struct {
	Deliveries, Commits uint64
	Elapsed             time.Duration
	// Latency is the time from a message's due time until a member receives it. Acked is
	// the time from a request to its acknowledgement, if there are requests.
	Latency, Acked measure.Histogram
}

// work is the running work.
type work struct {
	Work
	Seen

	running, measuring bool
	began              time.Time
	due                time.Time
	turn               int
}

// committed processes an acknowledgement of the work.
func (w *work) committed(took time.Duration) {
	if w.measuring {
		w.Commits++
		w.Acked.Record(took)
	}
}

// Run does the work, waits until all messages have arrived, and verifies that every
// message reached every member once. A violation is an error.
func (l *Load) Run(w Work) (Seen, error) {
	l.work = work{Work: w, running: true}
	if err := l.begin(); err != nil {
		return Seen{}, err
	}
	start := time.Now()
	if err := l.during(start.Add(w.Warmup)); err != nil {
		return Seen{}, err
	}
	w.Begin()
	l.work.measuring, l.work.began = true, time.Now()
	err := l.during(l.work.began.Add(w.Measure))
	l.work.Elapsed = time.Since(l.work.began)
	w.End()
	l.work.running, l.work.measuring = false, false
	if err != nil {
		return Seen{}, err
	}
	return l.work.Seen, errors.Join(l.disarm(), l.rest())
}

func (l *Load) during(end time.Time) error {
	for time.Now().Before(end) {
		if err := l.step(5); err != nil {
			return err
		}
	}
	return nil
}

// begin fills the windows or starts the clock.
func (l *Load) begin() error {
	if l.work.Rate > 0 {
		return l.arm()
	}
	for range l.work.Window {
		for _, r := range l.rooms {
			if err := l.say(r, time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// interval returns the time between two messages at a fixed rate.
func (l *Load) interval() time.Duration {
	return time.Duration(float64(time.Second) * float64(len(l.rooms[0].members)) / float64(l.work.Rate))
}

func (l *Load) arm() error {
	if l.timer < 0 {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			return fmt.Errorf("timer: %w", err)
		}
		l.timer = fd
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return fmt.Errorf("timer: %w", err)
		}
	}
	every := unix.NsecToTimespec(int64(l.interval()))
	l.work.due = time.Now()
	return unix.TimerfdSettime(l.timer, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil)
}

func (l *Load) disarm() error {
	if l.timer < 0 {
		return nil
	}
	return unix.TimerfdSettime(l.timer, 0, &unix.ItimerSpec{}, nil)
}

// tick sends the due messages. Their time is the due time, so that a slow server cannot
// hide its delay by blocking the generator.
func (l *Load) tick() error {
	var b [8]byte
	if n, err := unix.Read(l.timer, b[:]); n != len(b) || err != nil || !l.work.running {
		return nil //nolint:nilerr // the next tick comes
	}
	for range binary.NativeEndian.Uint64(b[:]) {
		l.work.due = l.work.due.Add(l.interval())
		room := l.rooms[l.work.turn%len(l.rooms)]
		l.work.turn++
		if err := l.say(room, l.work.due); err != nil {
			return err
		}
	}
	return nil
}

// say sends the room's next message from its next member.
func (l *Load) say(r *Room, due time.Time) error {
	n := r.said.Count()
	r.said.Add(n)
	return l.Dialect.Say(r.members[n%uint64(len(r.members))], n, due)
}

// receivedText processes a message that a client received.
func (c *Client) receivedText(payload []byte) error {
	n, due, found := findText(payload)
	if !found {
		return fmt.Errorf("client %d: unexpected message %.200s", c.Index, payload)
	}
	c.received.Add(n)
	l, r := c.load, c.Room
	r.received++
	if l.work.measuring {
		l.work.Deliveries++
		if l.work.Rate > 0 && due > l.work.began.UnixNano() {
			l.work.Latency.Record(time.Duration(time.Now().UnixNano() - due))
		}
	}
	if l.work.running && l.work.Rate == 0 && r.received%uint64(len(r.members)) == 0 {
		return l.say(r, time.Now())
	}
	return nil
}

// rest waits until all messages have arrived and are acknowledged, and verifies them.
func (l *Load) rest() error {
	for deadline := time.Now().Add(drainWithin); !l.silent() && time.Now().Before(deadline); {
		if err := l.step(20); err != nil {
			return err
		}
	}
	// A duplicate of a message arrives soon.
	if err := l.Idle(50 * time.Millisecond); err != nil {
		return err
	}
	if len(l.asked) > 0 {
		return fmt.Errorf("got %d requests without an acknowledgement", len(l.asked))
	}
	for _, c := range l.clients {
		if !c.received.Same(c.Room.said) {
			return fmt.Errorf("client %d of room %d: got %d messages, want %d, each exactly once",
				c.Index, c.Room.Index, c.received.Count(), c.Room.said.Count())
		}
	}
	return nil
}

// silent reports whether no message is pending.
func (l *Load) silent() bool {
	for _, r := range l.rooms {
		if r.received < r.said.Count()*uint64(len(r.members)) {
			return false
		}
	}
	return len(l.asked) == 0
}
