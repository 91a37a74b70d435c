package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestThePlayground drives the page with Chromium; PICTURES names a folder for
// screenshots.
func TestThePlayground(t *testing.T) {
	needChromium(t)
	startStack(t, filepath.Join("testdata", "playground.yaml")).scenario(t, "playground.test.mjs")
}

// TestTheDashboard does the same with the operators' page.
func TestTheDashboard(t *testing.T) {
	needChromium(t)
	startStack(t, filepath.Join("testdata", "playground.yaml")).scenario(t, "dashboard.test.mjs")
}

// TestTheAdminUI does the same with the page of @socket.io/admin-ui.
func TestTheAdminUI(t *testing.T) {
	needChromium(t)
	startStack(t, filepath.Join("testdata", "playground.yaml")).scenario(t, "adminui.test.mjs")
}

func needChromium(t *testing.T) {
	t.Helper()
	setup := exec.CommandContext(t.Context(), filepath.Join(root(), "hack", "deps", "chromium.sh"))
	setup.Stdout, setup.Stderr = os.Stderr, os.Stderr
	if err := setup.Run(); err != nil {
		t.Fatal(err)
	}
}
