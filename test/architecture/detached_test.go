package architecture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWorkAfterARequestIsDetached requires stream.Detached in the domains: a context that
// merely outlives its request still has the request's fence, so that the store would
// refuse the writes.
func TestWorkAfterARequestIsDetached(t *testing.T) {
	checked := 0
	for _, domain := range append(domains, "room", "document", "userstream") {
		files, err := filepath.Glob(filepath.Join(folder(t, domain), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checked++
			if strings.Contains(string(text), "context.WithoutCancel(") {
				t.Errorf("%s: use stream.Detached in place of context.WithoutCancel", file)
			}
		}
	}
	if checked < 50 {
		t.Errorf("got %d files, want at least 50", checked)
	}
}
