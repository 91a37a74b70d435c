package main

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is a process this program started. It runs in a process group of its
// own, so that Ctrl-C in the terminal reaches only this program, which then
// stops its children in order; and it ends with this program on Linux, however
// that ends.
type child struct {
	name string
	cmd  *exec.Cmd
	// done is closed when the process has ended; err says how.
	done chan struct{}
	err  error
}

// startChild starts a program and copies its output to the console under name.
func startChild(log *console, name, program string, args ...string) (*child, error) {
	// No context ends a child: stop does, in order.
	cmd := &exec.Cmd{Path: program, Args: append([]string{program}, args...)}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	c.cmd.SysProcAttr = childAttributes()
	reader, writer := io.Pipe()
	c.cmd.Stdout, c.cmd.Stderr = writer, writer
	// A grandchild may hold the output open; the process has ended all the same.
	c.cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	go log.copy(name, reader)
	go c.run(started, writer)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// run starts the process and waits for it on one locked thread: the kernel ends
// the child when the thread that started it ends.
func (c *child) run(started chan<- error, output io.Closer) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { _ = output.Close() }()
	if err := c.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	c.err = c.cmd.Wait()
	close(c.done)
}

// pid is the process id.
func (c *child) pid() int { return c.cmd.Process.Pid }

// alive tells whether the process still runs.
func (c *child) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// urgency is how a stop is hastened. Either channel may be nil.
type urgency struct {
	// cut, when closed, asks the process a second time, at which a server leaves
	// out the rest of its drain.
	cut <-chan struct{}
	// kill, when closed, ends it at once.
	kill <-chan struct{}
}

// stop asks the process to end and waits for it, at most as long as grace; then
// it is killed. It reports whether the process ended by itself.
func (c *child) stop(grace time.Duration, haste urgency) bool {
	c.terminate()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for {
		select {
		case <-c.done:
			return true
		case <-haste.cut:
			c.terminate()
			haste.cut = nil
			continue
		case <-timer.C:
		case <-haste.kill:
		}
		c.kill()
		return false
	}
}

func (c *child) terminate() { _ = c.cmd.Process.Signal(syscall.SIGTERM) }

// kill ends the process at once and waits until it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// how says in words how the process ended; only after done.
func (c *child) how() string {
	if c.err == nil {
		return "exit status 0"
	}
	return c.err.Error()
}
