package main

import (
	"strings"
	"testing"
)

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
	want := `| value | default | what it is |
|---|---|---|
| ` + "`image` |  | The image. |\n| `image.repository` | `\"r\"` |  |\n| `image.tag` | `\"\"` | Its tag, in words. |\n" +
		"| `flow` | `{\"a\":1}` | Flow. |\n| `list` | `[]` |  |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, bad := range []string{"", "a", "- a", "a: [b"} {
		if out, err := valuesTable([]byte(bad)); err == nil {
			t.Errorf("%q gives %s", bad, strings.TrimSpace(out))
		}
	}
}
