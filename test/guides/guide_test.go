package guides

import (
	"slices"
	"strings"
	"testing"
)

func TestBlocks(t *testing.T) {
	guide := strings.ReplaceAll(`# Title
<!-- run: background, until "all is up" -->
'''sh
serve
'''
<!-- file: a/b.mjs -->
'''js
one
two
'''
'''yaml
only: shown
'''
<!-- prints -->
'''text
yes
'''
<!-- read: needs a cloud -->
'''sh
launch
'''
`, "'''", "```")
	got, err := blocks(guide)
	want := []block{
		{background, "all is up", "serve\n", 3}, {file, "a/b.mjs", "one\ntwo\n", 7},
		{prints, "", "yes\n", 15}, {read, "needs a cloud", "launch\n", 19},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got blocks %+v, %v", got, err)
	}
	if _, err := blocks("```sh\nrm -rf x\n```"); err == nil {
		t.Error("got no error for a block of commands without a comment")
	}
}

func TestMissing(t *testing.T) {
	printed := "one 1\ntwo 22 ok\nthree\n"
	for wanted, want := range map[string]string{
		"one": "", "one\nthree": "", "two … ok": "", "three\none": "one", "four": "four", "two . ok": "two . ok",
	} {
		if got := missing(printed, wanted+"\n"); got != want {
			t.Errorf("%q: missing is %q, want %q", wanted, got, want)
		}
	}
}
