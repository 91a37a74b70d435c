package config

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long a file must be quiet before it is read again, so that a
	// rewrite in several steps is read once, and whole.
	settle = 50 * time.Millisecond
	// pollInterval is the interval of polling a file, because some file systems send no
	// notifications.
	pollInterval = 10 * time.Second
)

// File follows a file that may change, be replaced, vanish and come back. It
// watches the directory, so it sees the renames of editors and the swapped
// symbolic links of a mounted ConfigMap or Secret.
type File struct {
	path  string
	limit int64
	poll  time.Duration
	seen  outcome
	info  fs.FileInfo
}

// outcome is what reading the file gave.
type outcome struct {
	sum  [sha256.Size]byte
	fail string
}

// OpenFile reads a file of at most limit bytes, and returns its content together
// with the File that tells of later ones.
func OpenFile(path string, limit int64) (*File, []byte, error) {
	f := &File{path: path, limit: limit, poll: pollInterval}
	f.info, _ = os.Stat(path)
	data, err := readFile(path, limit)
	if err != nil {
		return nil, nil, err
	}
	f.seen = outcome{sum: sha256.Sum256(data)}
	return f, data, nil
}

// Watch calls changed, one call at a time, whenever the content is another than
// before, or the file cannot be read for another reason than before, until ctx
// ends. It works without the system's notifications, only slower.
func (f *File) Watch(ctx context.Context, changed func(data []byte, err error)) {
	events, closeWatch := f.notifications()
	defer closeWatch()
	poll := time.NewTicker(f.poll)
	defer poll.Stop()
	quiet := time.NewTimer(0) // what happened between OpenFile and now
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-events:
			if !open {
				events = nil // the poll goes on
			} else if f.concerns(event) {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			f.check(changed)
		case <-poll.C:
			if f.moved() {
				f.check(changed)
			}
		}
	}
}

// notifications starts a watch of the directory. Without one the channel is nil
// and the poll alone remains.
func (f *File) notifications() (events <-chan fsnotify.Event, stop func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	stop = func() { _ = watcher.Close() } // nothing is lost with it
	if err := watcher.Add(filepath.Dir(f.path)); err != nil {
		stop()
		return nil, func() {}
	}
	go func() {
		for range watcher.Errors { // an overflow; the poll finds what it hid
		}
	}()
	return watcher.Events, stop
}

// concerns reports whether an event may be about the file: its own name, or one of
// the dotted names behind which Kubernetes swaps the content of a volume.
func (f *File) concerns(event fsnotify.Event) bool {
	name := filepath.Base(event.Name)
	return name == filepath.Base(f.path) || strings.HasPrefix(name, "..")
}

// moved reports whether the file's identity, size or time is another than at the last look.
func (f *File) moved() bool {
	info, err := os.Stat(f.path)
	if err != nil || f.info == nil {
		return true
	}
	return !os.SameFile(info, f.info) || info.Size() != f.info.Size() || !info.ModTime().Equal(f.info.ModTime())
}

func (f *File) check(changed func([]byte, error)) {
	f.info, _ = os.Stat(f.path) // before reading, so that a later change is not missed
	data, err := readFile(f.path, f.limit)
	now := outcome{sum: sha256.Sum256(data)}
	if err != nil {
		now = outcome{sum: f.seen.sum, fail: err.Error()}
	}
	if now == f.seen {
		return
	}
	back := err == nil && now.sum == f.seen.sum
	f.seen = now
	if !back {
		changed(data, err)
	}
}
