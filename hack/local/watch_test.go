package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatchReportsChangedContent(t *testing.T) {
	tests := map[string]struct {
		directory bool
		edit      func(t *testing.T, dir string, text []byte)
	}{
		"written in place": {edit: func(t *testing.T, dir string, text []byte) {
			must(t, os.WriteFile(filepath.Join(dir, "a.yaml"), text, 0o600))
		}},
		"replaced": {edit: func(t *testing.T, dir string, text []byte) {
			must(t, os.WriteFile(filepath.Join(dir, "a.yaml~"), text, 0o600))
			must(t, os.Rename(filepath.Join(dir, "a.yaml~"), filepath.Join(dir, "a.yaml")))
		}},
		"removed, then created": {edit: func(t *testing.T, dir string, text []byte) {
			must(t, os.Remove(filepath.Join(dir, "a.yaml")))
			must(t, os.WriteFile(filepath.Join(dir, "a.yaml"), text, 0o600))
		}},
		"another manifest in the directory": {directory: true, edit: func(t *testing.T, dir string, text []byte) {
			must(t, os.WriteFile(filepath.Join(dir, "b.yaml"), text, 0o600))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "a.yaml")
			must(t, os.WriteFile(file, []byte("old"), 0o600))
			// Another file of the directory changes nothing.
			must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
			watched := file
			if test.directory {
				watched = dir
			}
			ctx, cancel := context.WithCancel(t.Context())
			changes, ended := make(chan struct{}, 16), make(chan error, 1)
			go func() { ended <- watch(ctx, watched, func() { changes <- struct{}{} }) }()

			// The watch may not have begun: edit until the first change is reported.
			seen := false
			for n := 0; !seen && n < 60; n++ {
				test.edit(t, dir, []byte(fmt.Sprint(n)))
				select {
				case <-changes:
					seen = true
				case <-time.After(3 * settleTime):
				}
			}
			if !seen {
				t.Error("got no report of an edit, want one")
			}
			cancel()
			must(t, <-ended)
		})
	}
}

func TestDigest(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	if digest(file) != nil {
		t.Error("got a digest of a missing file, want none")
	}
	must(t, os.WriteFile(file, []byte("one"), 0o600))
	first := string(digest(file))
	must(t, os.Chmod(file, 0o400))
	if string(digest(file)) != first {
		t.Error("got another digest after a change of mode, want the same")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
