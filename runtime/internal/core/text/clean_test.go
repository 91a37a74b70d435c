package text

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	line, lines := Rule{Max: 8, Trim: true}, Rule{Max: 8, Lines: true}
	for _, c := range []struct {
		name  string
		rule  Rule
		text  string
		want  string
		fault string
	}{
		{"plain", line, "hello", "hello", ""},
		{"empty", line, "", "", ""},
		{"trimmed", line, "  hi\u00a0 ", "hi", ""},
		{"composed", line, "e\u0301", "é", ""},
		{"a line break in a line", line, "a\nb", "", "control"},
		{"a line break", lines, "a\r\nb\rc", "a\nb\nc", ""},
		{"a tab", lines, "a\tb", "a\tb", ""},
		{"a line separator in a line", line, "a\u2028b", "", "control"},
		{"a null", lines, "a\u0000b", "", "control"},
		{"a bell", lines, "\u0007", "", "control"},
		{"invalid UTF-8", lines, "\xff", "", "UTF-8"},
		{"a filler", lines, "\u3164", "", "seen"},
		{"a blank braille pattern", lines, "\u2800", "", "seen"},
		{"a variation selector", lines, "\ufe0f", "", "seen"},
		{"joiners", lines, "\u200d\u2060", "", "seen"},
		{"blanks", lines, "   ", "", "seen"},
		{"blanks where they are allowed", Rule{Blank: true, Lines: true}, "   ", "   ", ""},
		{"an open override", lines, "\u202eabc", "", "direction"},
		{"an end without a beginning", lines, "abc\u202c", "", "direction"},
		{"a closed isolate", lines, "\u2067א\u2069", "\u2067א\u2069", ""},
		{"an isolate over lines", Rule{Lines: true}, "\u2067א\n\u2069", "", "direction"},
		{"crossed directions", Rule{Lines: true}, "\u2067\u202ba\u2069\u202c", "", "direction"},
		{"an emoji with a joiner", lines, "👩\u200d💻", "👩\u200d💻", ""},
		{"as long as allowed", lines, strings.Repeat("ж", 8), strings.Repeat("ж", 8), ""},
		{"too long", lines, strings.Repeat("ж", 9), "", "at most 8 code points"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, fault := c.rule.Clean(c.text)
			if got != c.want || (fault == "") != (c.fault == "") || !strings.Contains(fault, c.fault) {
				t.Errorf("%q became %q, %q; want %q, %q", c.text, got, fault, c.want, c.fault)
			}
			if again, fault := c.rule.Clean(got); fault != "" || again != got {
				t.Errorf("cleaning %q again gave %q, %q", got, again, fault)
			}
		})
	}
}

func TestCodesArePastedInManyForms(t *testing.T) {
	for _, typed := range []string{
		"ABC234", "abc234", " ABC-234\n", "ABC\u00a0234", "ＡＢＣ２３４", "ABC\u2011234", "\u200bABC234\ufeff",
	} {
		if got := Code(typed); got != "ABC234" {
			t.Errorf("%q is the code %q", typed, got)
		}
	}
}

func TestWordsReactionsAndKeys(t *testing.T) {
	for word, want := range map[string]bool{
		"text": true, "dice.roll": true, "a-b_1": true, "SYSTEM": false, "a system": false, "": false, "ж": false, strings.Repeat("a", 33): false,
	} {
		if Word(word) != want {
			t.Errorf("the word %q: %v", word, !want)
		}
	}
	for reaction, want := range map[string]bool{"👍": true, "👍\ufe0f": true, "+1": true, "": false, "a b": false, "\u200f": false, "\u202ea\u202c": false} {
		if _, ok := Reaction(reaction); ok != want {
			t.Errorf("the reaction %q: %v", reaction, ok)
		}
	}
	if !SameReaction("👍", "👍\ufe0f") || SameReaction("👍", "👎") {
		t.Error("reactions are the same when they differ in a variation selector alone")
	}
	for key, want := range map[string]bool{"mood": true, "": false, "__proto__": false, "a\u0000": false, "e\u0301": false} {
		if Key(key) != want {
			t.Errorf("the key %q: %v", key, !want)
		}
	}
	for name, want := range map[string]string{"Ann\u0000": "Ann", "\u3164": "", "Ann\u202e": "Ann", "a\nb": "a b", strings.Repeat("x", 70): strings.Repeat("x", 64)} {
		if got := Name(name, 64); got != want {
			t.Errorf("the name %q became %q, want %q", name, got, want)
		}
	}
}
