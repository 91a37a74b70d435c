package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleTime is how long the file must be unchanged, because editors write in several
// steps.
const settleTime = 150 * time.Millisecond

// watch calls changed after each change of the content of the file, or of the manifests
// in the directory, until ctx ends. It watches the directory, because editors replace
// files instead of writing into them.
func watch(ctx context.Context, file string, changed func()) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", file, err)
	}
	defer func() { _ = watcher.Close() }()
	dir := file
	if info, err := os.Stat(file); err != nil || !info.IsDir() { // an editor may be replacing the file
		dir = filepath.Dir(file)
	}
	if err := watcher.Add(dir); err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	last := digest(file)
	quiet := time.NewTimer(settleTime)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-watcher.Events:
			if !open {
				return fmt.Errorf("watch %s: ended", dir)
			}
			quiet.Reset(settleTime)
		case err := <-watcher.Errors:
			if err != nil { // an overflow: check the file nevertheless
				quiet.Reset(settleTime)
			}
		case <-quiet.C:
			if now := digest(file); now != nil && !bytes.Equal(now, last) {
				last = now
				changed()
			}
		}
	}
}

// digest returns a hash of the content of the file or directory; nil when it cannot be
// read, as while an editor replaces it.
func digest(file string) []byte {
	files, err := sourceFiles(file)
	if err != nil {
		return nil
	}
	sum := sha256.New()
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return nil
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", f, len(content))
		_, _ = sum.Write(content)
	}
	return sum.Sum(nil)
}
