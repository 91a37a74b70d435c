// Package redistest starts real Redis servers for tests: a single server, a Cluster of
// three, or a primary and a replica under three sentinels.
//
// Servers listen on free ports of 127.0.0.1, keep their files in the test's temporary
// directory, and end with the test, or with its process when that is killed. Where
// redis-server is not installed, hack/deps/redis.sh installs it first.
package redistest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/process"
)

// startWithin bounds the start of a server until it answers.
const startWithin = time.Minute

// Server is a redis-server process, or a sentinel.
type Server struct {
	tb     testing.TB
	dir    string
	port   int
	config []string
	flags  []string

	mu       sync.Mutex
	cmd      *exec.Cmd
	gone     chan struct{}
	password string
}

// Option adds lines to a server's configuration.
type Option func(port int) []string

// Config adds a line, as in Config("maxmemory 10mb").
func Config(line string) Option { return func(int) []string { return []string{line} } }

// AppendOnly makes the server persist every write, so that a restart loses nothing.
func AppendOnly() Option {
	return func(int) []string { return []string{"appendonly yes", "appendfsync always"} }
}

// Password sets the server's password, which Do uses.
func Password(password string) Option { return Config("requirepass " + password) }

// SetPassword changes the password of the running server. Authenticated connections
// remain open.
func (s *Server) SetPassword(password string) {
	s.tb.Helper()
	s.MustDo("CONFIG", "SET", "requirepass", password)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// Start starts a single server. Without options, a restart keeps only the data of SAVE.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	return start(tb, nil, opts...)
}

// start starts a server on a free port; flags follow the configuration file.
func start(tb testing.TB, flags []string, opts ...Option) *Server {
	tb.Helper()
	install(tb)
	var err error
	// Another process may take the port between the choice and the start.
	for range 5 {
		s := &Server{tb: tb, dir: tempDir(tb), port: freePort(tb), flags: flags}
		s.config = []string{
			"bind 127.0.0.1", "port " + strconv.Itoa(s.port), "dir " + s.dir, "save \"\"",
			"daemonize no", "protected-mode no",
		}
		for _, o := range opts {
			s.config = append(s.config, o(s.port)...)
		}
		for _, line := range s.config {
			if password, ok := strings.CutPrefix(line, "requirepass "); ok {
				s.password = password
			}
		}
		if err = s.launch(); err == nil {
			tb.Cleanup(s.end)
			return s
		}
	}
	tb.Fatalf("redistest: %v", err)
	return nil
}

// tempDir is like tb.TempDir, but does not fail the test when the directory cannot be
// removed because a child of the server still writes into it.
func tempDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(tb testing.TB) int {
	tb.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		tb.Fatal(err)
	}
	_, text, _ := strings.Cut(address, ":")
	port, _ := strconv.Atoi(text)
	return port
}

// launch starts the process and waits until it answers.
func (s *Server) launch() error {
	conf := filepath.Join(s.dir, "redis.conf")
	if _, err := os.Stat(conf); err != nil {
		if err := os.WriteFile(conf, []byte(strings.Join(s.config, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command("redis-server", append([]string{conf}, s.flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait()
	}()
	s.mu.Lock()
	s.cmd, s.gone = cmd, gone
	s.mu.Unlock()
	return s.answers(gone)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// answers waits for the first PONG.
func (s *Server) answers(gone <-chan struct{}) error {
	deadline := time.Now().Add(startWithin)
	for {
		reply, err := s.Do("PING")
		if err == nil && reply == "PONG" {
			return nil
		}
		select {
		case <-gone:
			return fmt.Errorf("redis-server exited: %s", s.logTail())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redis-server does not answer: %w; %s", err, s.logTail())
		}
	}
}

func (s *Server) logTail() string {
	log, _ := os.ReadFile(s.logFile())
	return string(log[max(0, len(log)-2000):])
}

// Addr returns the server's host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill kills the process like a crash, and waits until it has exited.
func (s *Server) Kill() { s.signal(syscall.SIGKILL, true) }

// Stop ends the process gracefully.
func (s *Server) Stop() { s.signal(syscall.SIGTERM, true) }

// Pause pauses the process without ending its connections, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP, false) }

// Resume ends Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT, false) }

func (s *Server) signal(sig syscall.Signal, wait bool) {
	s.mu.Lock()
	cmd, gone := s.cmd, s.gone
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(sig)
	if wait {
		<-gone
	}
}

// Restart starts the server again on the same port with the same files, after Kill or
// Stop.
func (s *Server) Restart() {
	s.tb.Helper()
	if err := s.launch(); err != nil {
		s.tb.Fatalf("redistest: restart: %v", err)
	}
}

func (s *Server) end() {
	if s.tb.Failed() {
		s.tb.Logf("redis %s: %s", s.Addr(), s.logTail())
	}
	s.Kill()
}
