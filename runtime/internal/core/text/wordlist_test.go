package text

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestWordList(t *testing.T) {
	mask := NewWordList([]string{"darn", "Straße", "İ", "bad  word", "***", "naïve"}, true, NoLookalikes)
	for text, want := range map[string]string{
		"":                    "",
		"all fine":            "all fine",
		"darn":                "****",
		"DARN, darn! Darned":  "****, ****! Darned",
		"a darnit b":          "a darnit b",
		"STRASSE und strasse": "******* und *******",
		"bad word":            "*** ****",
		"Bad... WORD!":        "***... ****!",
		"bad and word":        "bad and word",
		"nai\u0308ve":         "******",
		"NAÏVE":               "*****",
		"d\u200darn":          "*****",
		"ｄａｒｎ":                "****",
		"*** is not a word":   "*** is not a word",
		"darn_it":             "****_it",
		"日本語 darn 日本語":        "日本語 **** 日本語",
		"bad bad word word":   "bad *** **** word",
		"d\ufe0farn":          "*****",
		"da\u034frn":          "*****",
		"da\u115frn":          "*****",
		"da\u00adrn":          "*****",
		"da\u0007rn":          "*****",
		"bad\u200dword":       "********",
		"bad\u2060 word":      "***\u2060 ****",
		"Scunthorpe, Essex":   "Scunthorpe, Essex",
	} {
		if got, err := mask.Check(t.Context(), Draft{Text: text}); err != nil || got != want {
			t.Errorf("%q became %q, want %q (%v)", text, got, want, err)
		}
	}
	reject := NewWordList([]string{"жаба"}, false, NoLookalikes)
	if _, err := reject.Check(t.Context(), Draft{Text: "эй, ЖАБА"}); err == nil {
		t.Error("not refused")
	} else {
		var refusal *wire.Error
		if !errors.As(err, &refusal) || refusal.Code != wire.CodeInvalidArgument || refusal.Field != "text" {
			t.Errorf("refused with %v", err)
		}
	}
	if got, err := reject.Check(t.Context(), Draft{Text: "жабры"}); err != nil || got != "жабры" {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzWordList(f *testing.F) {
	f.Add("some darn text")
	f.Add("\xff\u200d\u0308darn")
	for _, bomb := range bombs.JSON() {
		f.Add(bomb)
	}
	list := NewWordList([]string{"darn", "bad word"}, true, NoLookalikes)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := list.Check(t.Context(), Draft{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if utf8.RuneCountInString(got) != utf8.RuneCountInString(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// Lookalikes are an option: each level reads more spellings as the word.
func TestLookalikes(t *testing.T) {
	for _, c := range []struct {
		text string
		from Lookalikes // the first level that finds the word
	}{
		{"nasty", NoLookalikes},
		{"ｎａｓｔｙ", NoLookalikes},
		{"nаsty", LetterLookalikes}, // a Cyrillic а
		{"näs\u0324ty", LetterLookalikes},
		{"ոasty", LetterLookalikes},
		{"n4sty", DigitLookalikes},
		{"na5ty", DigitLookalikes},
	} {
		for _, level := range []Lookalikes{NoLookalikes, LetterLookalikes, DigitLookalikes} {
			if got := objects(t, level, c.text); got != (level >= c.from) {
				t.Errorf("%q at level %d: found %v", c.text, level, got)
			}
		}
	}
	for _, innocent := range []string{"nastygram", "dynasty", "n as ty"} {
		if objects(t, DigitLookalikes, innocent) {
			t.Errorf("%q is found", innocent)
		}
	}
}

// objects reports whether a list with the word "nasty" refuses a text.
func objects(t *testing.T, level Lookalikes, text string) bool {
	_, err := NewWordList([]string{"nasty"}, false, level).Check(t.Context(), Draft{Text: text})
	return err != nil
}
