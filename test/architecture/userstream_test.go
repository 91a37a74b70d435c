package architecture

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestUserStreamsAreNamedInOnePlace keeps the name of a user's own stream in package
// userstream, so that no package builds it in another way.
func TestUserStreamsAreNamedInOnePlace(t *testing.T) {
	for _, path := range packages(t) {
		if filepath.Base(path) == "userstream" {
			continue
		}
		each(t, path, false, func(file string, text []byte) {
			for line := range strings.Lines(string(text)) {
				if strings.Contains(line, `"user:`) && !strings.HasPrefix(strings.TrimSpace(line), "//") {
					t.Errorf("%s names a user stream; use userstream.StreamID: %s", file, strings.TrimSpace(line))
				}
			}
		})
	}
}
