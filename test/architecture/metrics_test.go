package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// metricName is a metric of Anteroom in a query or a table.
var metricName = regexp.MustCompile(`\banteroom_[a-z0-9_]+`)

// TestNamedMetricsExist: the servers serve the metrics that dashboards and
// documents name.
func TestNamedMetricsExist(t *testing.T) {
	root := filepath.Join("..", "..")
	exist := map[string]bool{}
	walk(t, filepath.Join(root, "runtime"), func(path, text string) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			for _, name := range metricName.FindAllString(text, -1) {
				exist[name] = true
			}
		}
	})
	named := 0
	for _, where := range []string{"controllers/internal/desired/dashboards", "runtime/README.md", "runtime/guides"} {
		walk(t, filepath.Join(root, where), func(path, text string) {
			for _, name := range metricName.FindAllString(text, -1) {
				named++
				series := strings.TrimSuffix(name, "_bucket")
				if !exist[name] && !exist[series] {
					t.Errorf("%s names %s, want a metric of a server", path, name)
				}
			}
		})
	}
	if len(exist) < 10 || named < 10 {
		t.Errorf("got %d metrics and %d mentions, want more", len(exist), named)
	}
}

func walk(t *testing.T, root string, each func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		each(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
