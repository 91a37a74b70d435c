package fleet

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/anteroom/anteroom/test/process"
)

// shownLog bounds the printed log of a server, in bytes.
const shownLog = 8000

// Server is a server: a sequence of processes at the same addresses. Its methods may be
// called by several goroutines.
type Server struct {
	// Client, Admin and API are host:port.
	Client, Admin, API string

	fleet *Fleet
	args  []string
	log   process.Output

	mu  sync.Mutex
	cmd *exec.Cmd
}

// Start starts the server's process.
func (s *Server) Start() {
	s.fleet.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = exec.Command(s.fleet.program, s.args...)
	s.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = dieWithParent()
	if err := s.cmd.Start(); err != nil {
		s.fleet.tb.Errorf("the server at %s did not start: %v", s.Client, err)
	}
}

// Kill ends the process like a crash.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Drain ends the process gracefully and waits for its end.
func (s *Server) Drain() {
	s.fleet.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.fleet.tb.Errorf("the server at %s did not exit cleanly: %v", s.Client, err)
	}
}

// Stop pauses the process without ending its connections, until Continue.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue ends Stop.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Signal(sig)
}

// Ready reports whether the server answers its readiness check.
func (s *Server) Ready() bool { return answersOK("http://" + s.Admin + "/readyz") }

// Log returns the output of all processes of the server so far.
func (s *Server) Log() string { return s.log.String() }

func (s *Server) end() {
	if s.cmd.ProcessState == nil {
		s.Kill()
	}
	log := s.Log()
	if strings.Contains(log, "DATA RACE") {
		s.fleet.tb.Errorf("the server at %s has a data race", s.Client)
	}
	if s.fleet.tb.Failed() {
		s.fleet.tb.Logf("the end of the log of the server at %s:\n%s", s.Client, log[max(0, len(log)-shownLog):])
	}
}
