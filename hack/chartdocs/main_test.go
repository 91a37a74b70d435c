package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	chart := func(files map[string]string) string {
		folder := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	folder := chart(map[string]string{"values.yaml": "# -- A value.\na: 1\n", "README.md.gotmpl": "# Chart\n\n{{values}}\n"})
	if err := run(folder); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if want := "| `a` | `1` | A value. |\n"; err != nil || !strings.HasPrefix(string(page), "# Chart\n\n| value |") || !strings.Contains(string(page), want) {
		t.Errorf("got %q, %v, want a page with %q", page, err, want)
	}
	for name, files := range map[string]map[string]string{
		"no values":      {"README.md.gotmpl": ""},
		"no template":    {"values.yaml": "a: 1"},
		"invalid values": {"values.yaml": "- a", "README.md.gotmpl": ""},
		"odd value":      {"values.yaml": "a: !!int x", "README.md.gotmpl": ""},
	} {
		if err := run(chart(files)); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

func TestValuesTable(t *testing.T) {
	got, err := valuesTable([]byte(`# A licence.

# -- The image.
image:
  repository: r
  # -- Its tag,
  # in words.
  tag: ""
# -- Flow.
flow: {a: 1}
list: []
`))
	if err != nil {
		t.Fatal(err)
	}
	want := `| value | default | description |
|---|---|---|
| ` + "`image` |  | The image. |\n| `image.repository` | `\"r\"` |  |\n| `image.tag` | `\"\"` | Its tag, in words. |\n" +
		"| `flow` | `{\"a\":1}` | Flow. |\n| `list` | `[]` |  |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"", "a", "- a", "a: [b"} {
		if out, err := valuesTable([]byte(bad)); err == nil {
			t.Errorf("%q: got %s, want an error", bad, strings.TrimSpace(out))
		}
	}
}
