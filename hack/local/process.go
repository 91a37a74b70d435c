package main

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is a process that this program started. Its own process group keeps Ctrl-C in the
// terminal from it, so that this program stops its children in order. On Linux the kernel
// kills it when this program ends.
type child struct {
	name string
	cmd  *exec.Cmd
	// done is closed when the process has exited; err has the result.
	done chan struct{}
	err  error
}

// startChild starts a program and copies its output to the console under name.
func startChild(log *console, name, program string, args ...string) (*child, error) {
	// No context ends a child, because stop ends children in order.
	cmd := &exec.Cmd{Path: program, Args: append([]string{program}, args...)}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	c.cmd.SysProcAttr = childAttributes()
	reader, writer := io.Pipe()
	c.cmd.Stdout, c.cmd.Stderr = writer, writer
	// A grandchild may hold the output open after the process has exited.
	c.cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	go log.copy(name, reader)
	go c.run(started, writer)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// run starts the process and waits for it on a locked thread, because the kernel kills
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

// alive reports whether the process runs.
func (c *child) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// urgency hastens a stop. Either channel may be nil.
type urgency struct {
	// cut, when closed, sends a second SIGTERM, after which a server skips the rest of
	// its drain.
	cut <-chan struct{}
	// kill, when closed, kills the process at once.
	kill <-chan struct{}
}

// stop sends SIGTERM and waits for the process for at most grace, then kills it. It
// reports whether the process exited by itself.
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

// kill kills the process and waits until it has exited.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// how describes how the process exited; only after done.
func (c *child) how() string {
	if c.err == nil {
		return "exit status 0"
	}
	return c.err.Error()
}
