package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

type change struct {
	data string
	err  error
}

// follow watches a file and returns a channel of its contents.
func follow(t *testing.T, f *File) <-chan change {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	changes := make(chan change, 64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Watch(ctx, func(data []byte, err error) { changes <- change{string(data), err} })
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return changes
}

// expect waits until a content arrives, and skips others before it.
func expect(t *testing.T, changes <-chan change, content string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case c := <-changes:
			if c.err == nil && c.data == content {
				return
			}
		case <-timeout:
			t.Fatalf("%q was not told in %v", content, patience)
		}
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, _, err := OpenFile(path, MaxFileSize)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWatchRewriteRenameAndReturn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "one")
	changes := follow(t, open(t, path))

	put(t, path, "two")
	expect(t, changes, "two")

	put(t, path+".new", "three")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	expect(t, changes, "three")

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-changes:
		if !errors.Is(c.err, os.ErrNotExist) {
			t.Fatalf("told %+v, want that the file is gone", c)
		}
	case <-time.After(patience):
		t.Fatal("nobody told that the file is gone")
	}
	put(t, path, "four")
	expect(t, changes, "four")
}

// TestWatchVolume swaps the content of a directory as Kubernetes does: the file
// is a link through ..data, and ..data is replaced.
func TestWatchVolume(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policies.yaml")
	swap := func(version, content string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, version, "policies.yaml"), content)
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	swap("..2026_01", "one")
	if err := os.Symlink(filepath.Join("..data", "policies.yaml"), path); err != nil {
		t.Fatal(err)
	}
	changes := follow(t, open(t, path))
	swap("..2026_02", "two")
	expect(t, changes, "two")
	if err := os.RemoveAll(filepath.Join(dir, "..2026_01")); err != nil {
		t.Fatal(err)
	}
	swap("..2026_03", "three")
	expect(t, changes, "three")
}

func TestWatchSeesWhatHappenedBeforeIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "one")
	f := open(t, path)
	put(t, path, "two")
	expect(t, follow(t, f), "two")
}

// TestPollAlone follows a link to another directory, of which no notification comes.
func TestPollAlone(t *testing.T) {
	target := filepath.Join(t.TempDir(), "file")
	put(t, target, "one")
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	f.poll = 10 * time.Millisecond
	changes := follow(t, f)
	put(t, target, "second")
	expect(t, changes, "second")
}

func TestCheckTellsOnlyChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "one")
	f := open(t, path)
	told := 0
	look := func() { f.check(func([]byte, error) { told++ }) }
	steps := []struct {
		name   string
		change func()
		want   int
	}{
		{"nothing", func() {}, 0},
		{"same content", func() { put(t, path, "one") }, 0},
		{"other content", func() { put(t, path, "two") }, 1},
		{"gone", func() { _ = os.Remove(path) }, 2},
		{"still gone", func() {}, 2},
		{"back as it was", func() { put(t, path, "two") }, 2},
		{"gone again", func() { _ = os.Remove(path) }, 3},
		{"back as another", func() { put(t, path, "three") }, 4},
	}
	for _, step := range steps {
		step.change()
		look()
		if told != step.want {
			t.Fatalf("%s: told %d times, want %d", step.name, told, step.want)
		}
	}
}
