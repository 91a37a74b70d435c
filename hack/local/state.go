package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// runState is the state file: the running processes, for programs that connect to them or
// disturb them. It holds tokens and is readable only by its owner.
type runState struct {
	PID     int            `json:"pid"`
	File    string         `json:"file"`
	Proxy   proxyState     `json:"front"`
	Redis   redisState     `json:"redis"`
	Servers []processState `json:"servers"`
	Tokens  []devToken     `json:"tokens"`
	// APITokenFile holds the token of the server API; left out when the API is disabled.
	APITokenFile string `json:"apiTokenFile,omitempty"`
	Revision     string `json:"policyRevision"`
}

// proxyState is the address for clients.
type proxyState struct {
	URL string `json:"url"`
	// Path is the engine's path, such as /socket.io/.
	Path       string `json:"path"`
	CookieName string `json:"cookieName"`
}

// write replaces the state file in one step.
func (s runState) write(path string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state file: %w", err)
	}
	return writeFile(path, append(content, '\n'), 0o600)
}

// lock ensures that a single make run uses dir. The lock ends with the returned file, or
// with this program.
func lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the run directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the run directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("another make run uses %s: stop it, or choose another directory with RUN_DIR=…", dir)
	}
	return nil, fmt.Errorf("lock the run directory: %w", err)
}
