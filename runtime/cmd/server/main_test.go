package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("kind: RuntimeConfig\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"no arguments", nil, exitWrong, "", `required flag(s) "config", "policies" not set`},
		{"unknown flag", []string{"--conf", "x"}, exitWrong, "", "unknown flag: --conf"},
		{"stray argument", []string{"--config", bad, "--policies", bad, "x"}, exitWrong, "", `"x"`},
		{"missing file", []string{"--config", "/nowhere/a.yaml", "--policies", "/nowhere/b.yaml"}, exitWrong, "", "open /nowhere/a.yaml"},
		{"invalid files", []string{"--config", bad, "--policies", bad}, exitWrong, "", "apiVersion: is missing"},
		{"version", []string{"--version"}, 0, "server version ", ""},
		{"help", []string{"--help"}, 0, "--policies", ""},
	}
	for _, tc := range cases {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), nil, tc.args, &stdout, &stderr)
		if code != tc.code || !strings.Contains(stdout.String(), tc.stdout) || !strings.Contains(stderr.String(), tc.stderr) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", tc.name, code, stdout.String(), stderr.String())
		}
	}
}
