package envtesting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// ModuleDir returns the folder of a Go module, and downloads the module if the module cache lacks
// it. It serves modules of which tests need only files, so that their requirements stay out of
// go.mod.
func ModuleDir(module, version string) (string, error) {
	outside, err := os.MkdirTemp("", "module-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(outside) }() // an empty folder
	var out, problems bytes.Buffer
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version) //nolint:noctx // only run by tests
	cmd.Dir, cmd.Stdout, cmd.Stderr = outside, &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("download %s: %w: %s%s", module, err, problems.String(), out.String())
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		return "", err
	}
	return found.Dir, nil
}
