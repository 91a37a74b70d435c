package siotest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// module is the module of the programs.
const module = "github.com/anteroom/anteroom"

// programs builds the programs, once a process with and without race detector.
func programs(race bool) (dir string, err error) {
	if race {
		return raceBuild()
	}
	return plainBuild()
}

var (
	plainBuild = sync.OnceValues(func() (string, error) { return build(false) })
	raceBuild  = sync.OnceValues(func() (string, error) { return build(true) })
)

// build builds the programs into the user's cache: a later build links only after
// changes.
// only what changed.
func build(race bool) (string, error) {
	source, err := moduleDir()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory for the build: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %t", source, race))
	dir := filepath.Join(cache, "anteroom", "siotest", hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	for name, pkg := range map[string]string{
		"manager": "./controllers/cmd/manager", "server": "./runtime/cmd/server", "anteroom-local": "./hack/local",
	} {
		args := []string{"build", "-o", filepath.Join(dir, name)}
		if race && name == "server" {
			args = append(args, "-race")
		}
		if err := goCommand(source, append(args, pkg)...); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// moduleDir returns the folder of Anteroom's source in the module of the test.
func moduleDir() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return "", fmt.Errorf("%s is not found from here: %w", module, err)
	}
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		return "", fmt.Errorf("the source of %s is not on this machine: run `go mod download %s`", module, module)
	}
	return dir, nil
}

// goCommand runs go in the module's own folder, under its own go.mod.
func goCommand(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}
