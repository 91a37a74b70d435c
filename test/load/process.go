//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startWithin bounds the start of a server.
const startWithin = 30 * time.Second

// maxLog bounds the kept error output of a process, in bytes.
const maxLog = 16 << 10

// process is a server on one core. It ends with this program in every case.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	log    *tail
	// gone is closed when the process has exited.
	gone chan struct{}
}

// pin restricts this program to a core, or to several separated by commas, and then
// replaces it by another program.
func pin(cores string, args []string) error {
	var all []int
	for core := range strings.SplitSeq(cores, ",") {
		n, err := strconv.Atoi(core)
		if err != nil {
			return fmt.Errorf("core %q: %w", core, err)
		}
		all = append(all, n)
	}
	if err := stayOn(all...); err != nil {
		return err
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("find %s: %w", args[0], err)
	}
	return syscall.Exec(program, args, os.Environ())
}

// stayOn keeps the calling thread, and its children, on some cores.
func stayOn(cores ...int) error {
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("run on cores %v: %w", cores, err)
	}
	return nil
}

// start starts a program on a core. It must be called on the main thread, because the
// kernel ends the process with the thread that started it.
func start(core int, env []string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p := &process{log: &tail{}, gone: make(chan struct{})}
	p.cmd = exec.Command(self, append([]string{pinCommand, strconv.Itoa(core)}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// Some programs exit when their input ends.
	if _, err := p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	go func() {
		defer close(p.gone)
		_ = p.cmd.Wait()
	}()
	return p, nil
}

// firstLine returns the first line of the process: its address.
func (p *process) firstLine() (string, error) {
	type said struct {
		line string
		err  error
	}
	c := make(chan said, 1)
	go func() {
		line, err := p.stdout.ReadString('\n')
		c <- said{strings.TrimSpace(line), err}
	}()
	select {
	case s := <-c:
		if s.err != nil {
			return "", fmt.Errorf("it exited: %s", p.log)
		}
		return s.line, nil
	case <-time.After(startWithin):
		return "", errors.New("it printed no address")
	}
}

// until polls until the process is ready.
func (p *process) until(ready func() bool) error {
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); {
		if ready() {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("it exited: %s", p.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("it is not ready: %s", p.log)
}

// kill kills the process and waits until it has exited.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// cpu returns the processor time of the process over all of its threads.
func (p *process) cpu() time.Duration {
	// The clock id of another process, as in clock_getcpuclockid(3).
	const scheduled = 2
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid)<<3|scheduled, &at); err != nil {
		return 0
	}
	return time.Duration(at.Nano())
}

// rss returns the resident memory, in KB.
func (p *process) rss() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return parseRSS(string(status))
}

// parseRSS reads VmRSS from /proc/PID/status.
func parseRSS(status string) float64 {
	_, rest, _ := strings.Cut(status, "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return kb
}

// machineCPU returns the busy time of all cores since the machine started.
func machineCPU() time.Duration { return parseBusy(read("/proc/stat")) }

// clockTick is the unit of times in /proc, fixed at 100 a second for user space.
const clockTick = 10 * time.Millisecond

// parseBusy reads the first line of /proc/stat: all times except idle and I/O wait, and
// except guest time, which user time includes.
func parseBusy(stat string) time.Duration {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	var ticks int64
	for i, field := range fields {
		if i == 0 || i == 4 || i == 5 || i > 8 {
			continue
		}
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// ownCPU returns the processor time of this program.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tail keeps the end of its input.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if over := t.buf.Len() - maxLog; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

// String returns the last 500 bytes on one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buf.Bytes()
	return strings.Join(strings.Fields(string(b[max(0, len(b)-500):])), " ")
}
