package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Rule is what a field of free text allows.
type Rule struct {
	// Max is how many code points the text may have; 0 means no bound but that of the request.
	Max int
	// Lines allows line breaks and tabs.
	Lines bool
	// Trim drops white space around the text.
	Trim bool
	// Blank allows a text of white space alone.
	Blank bool
}

// Clean gives the text in NFC, with line breaks as "\n", or says what is wrong with it in
// words that follow the field's name; the fault is "" for a text that is allowed. An empty
// text is allowed: whether a field is required is for its request to say.
func (r Rule) Clean(s string) (clean, fault string) {
	if !utf8.ValidString(s) {
		return "", "must be valid UTF-8"
	}
	if r.Lines && strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if r.Trim {
		s = strings.TrimSpace(s)
	}
	if s = norm.NFC.String(s); s == "" {
		return "", ""
	}
	switch {
	case strings.ContainsFunc(s, r.control):
		return "", "must not contain control characters" + r.except()
	case !Visible(s) && !(r.Blank && strings.TrimSpace(s) == ""):
		return "", "must not be empty: it has no character that can be seen"
	case !paired(s):
		return "", "must close each change of writing direction that it opens"
	case r.Max > 0 && Length(s) > r.Max:
		return "", fmt.Sprintf("must have at most %d code points", r.Max)
	}
	return s, ""
}

// control reports whether a code point controls a display and shows nothing in this field.
func (r Rule) control(c rune) bool {
	switch c {
	case '\n', '\t', lineSeparator, paragraphSeparator:
		return !r.Lines
	}
	return unicode.IsControl(c)
}

func (r Rule) except() string {
	if r.Lines {
		return " other than line breaks and tabs"
	}
	return ""
}

const (
	lineSeparator      = '\u2028'
	paragraphSeparator = '\u2029'
)

// Length is how many code points a text has.
func Length(s string) int { return utf8.RuneCountInString(s) }

// Name makes a text that was not refused in time, as the name in a token, fit to be shown:
// in NFC and one line, without controls and what cannot be seen, and at most this many code
// points. A name of which nothing can be seen becomes "".
func Name(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c == utf8.RuneError:
			return -1
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c) || ignorable(c):
			return -1
		}
		return c
	}, s)
	runes := []rune(norm.NFC.String(strings.TrimSpace(s)))
	s = strings.TrimSpace(string(runes[:min(len(runes), most)]))
	if !Visible(s) {
		return ""
	}
	return s
}
