package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lines receives each line of a console.
type lines chan string

// Write implements io.Writer; a console writes a line at once.
func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// await waits for a line with a text.
func (l lines) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("got no line with %q within 30 s", text)
		}
	}
}

// shell starts a shell script as a child.
func shell(t *testing.T, script string) (*child, lines) {
	t.Helper()
	out := make(lines, 64)
	c, err := startChild(newConsole(out), "shell", "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c, out
}

// idle loops until a signal, in short steps, because a shell runs its traps between commands.
const idle = `; echo up; while :; do sleep 0.02; done`

func TestChildStops(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for _, tc := range []struct {
		name, script string
		grace        time.Duration
		haste        urgency
		itself       bool
		how          string
	}{
		{"exits on SIGTERM", `trap 'exit 0' TERM` + idle, time.Hour, urgency{}, true, "exit status 0"},
		{"fails on SIGTERM", `trap 'exit 3' TERM` + idle, time.Hour, urgency{}, true, "exit status 3"},
		{"has no handler", `echo up; exec sleep 60`, time.Hour, urgency{}, true, "signal: terminated"},
		{"ignores SIGTERM until the grace period ends", `trap '' TERM` + idle, time.Millisecond, urgency{}, false, "signal: killed"},
		{"ignores SIGTERM until the urgent kill", `trap '' TERM` + idle, time.Hour, urgency{kill: closed}, false, "signal: killed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, out := shell(t, tc.script)
			out.await(t, "up")
			if !c.alive() {
				t.Error("got a dead process before stop, want a running one")
			}
			if itself := c.stop(tc.grace, tc.haste); itself != tc.itself {
				t.Errorf("stop: got %v, want %v", itself, tc.itself)
			}
			if got := c.how(); got != tc.how || c.alive() {
				t.Errorf("got %q, alive %v, want %q", got, c.alive(), tc.how)
			}
		})
	}
}

func TestChildCutsItsDrainShort(t *testing.T) {
	c, out := shell(t, `n=0; trap 'n=$((n+1)); echo "signal $n"; [ $n -lt 2 ] || exit 7' TERM`+idle)
	out.await(t, "up")
	cut, stopped := make(chan struct{}), make(chan bool)
	go func() { stopped <- c.stop(time.Hour, urgency{cut: cut}) }()
	out.await(t, "signal 1")
	close(cut)
	if itself := <-stopped; !itself || c.how() != "exit status 7" {
		t.Errorf("got %v, %q, want an exit by itself with status 7", itself, c.how())
	}
}

func TestChildHasItsOwnProcessGroup(t *testing.T) {
	c, out := shell(t, "echo up; exec sleep 60")
	out.await(t, "up")
	if group, err := syscall.Getpgid(c.pid()); err != nil || group != c.pid() {
		t.Errorf("got process group %d, %v, want %d", group, err, c.pid())
	}
}

func TestStartChildReportsAMissingProgram(t *testing.T) {
	_, err := startChild(newConsole(make(lines, 1)), "server-1", filepath.Join(t.TempDir(), "server"))
	if err == nil || !strings.HasPrefix(err.Error(), "start server-1: ") {
		t.Errorf("got error %v, want start server-1: …", err)
	}
}

func TestConsole(t *testing.T) {
	var out strings.Builder
	c := newConsole(&out)
	c.say("two\nlines %d", 7)
	c.block("a block\n")
	c.copy("server-1", strings.NewReader("first\n"+strings.Repeat("x", maxLine)+"tail\nunfinished"))
	want := "local    | two\nlocal    | lines 7\na block\n" +
		"server-1 | first\nserver-1 | " + strings.Repeat("x", maxLine) + "\nserver-1 | tail\nserver-1 | unfinished\n"
	if got := out.String(); got != want {
		t.Errorf("got %d bytes %.80q, want %d bytes %.80q", len(got), got, len(want), want)
	}
}

func TestRedisKeeperReportsAFailedStart(t *testing.T) {
	unused, err := freeAddresses(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	shell, missing := "/bin/sh", filepath.Join(t.TempDir(), "redis-server")
	for name, tc := range map[string]struct {
		ctx                   context.Context
		program, script, want string
	}{
		"it exits":            {t.Context(), shell, "exit 3", "redis-server does not start (it exited)"},
		"it does not listen":  {canceled(t), shell, "exec sleep 60", "redis-server does not start (nothing listens on " + unused[0] + ")"},
		"it is not installed": {t.Context(), missing, "", "start redis: "},
	} {
		t.Run(name, func(t *testing.T) {
			k := newRedisKeeper(newConsole(make(lines, 16)), tc.program, []string{"-c", tc.script}, unused[0])
			if err := k.start(tc.ctx); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got error %v, want %s", err, tc.want)
			}
		})
	}
}

func TestRedisArgs(t *testing.T) {
	for persistent, want := range map[bool]string{false: "--appendonly no", true: "--appendonly yes"} {
		args := strings.Join(redisArgs("127.0.0.1:7000", "/data", persistent), " ")
		for _, part := range []string{"--bind 127.0.0.1 --port 7000 --dir /data", "--pidfile /data/redis.pid", "--save  ", want} {
			if !strings.Contains(args, part) {
				t.Errorf("persistent %v: got %q, want %q in it", persistent, args, part)
			}
		}
	}
}

func TestWriteFileFailsWithoutItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "state.json")
	if err := writeFile(path, nil, 0o600); err == nil || !strings.HasPrefix(err.Error(), "write "+path) {
		t.Errorf("got error %v, want write %s: …", err, path)
	}
	if err := (runState{}).write(path); err == nil {
		t.Error("got a state file in a missing folder, want an error")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("got a file, want none")
	}
}
