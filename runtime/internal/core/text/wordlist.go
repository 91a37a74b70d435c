package text

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/wire"
)

// WordList is a Filter that finds whole words: an entry inside a longer word does not match.
// Case, composition and invisible code points make no difference. An entry of several words
// matches these words in a row, with any separators between them.
type WordList struct {
	mask bool
	like Lookalikes
	// entries are the words of each entry, folded, by the first of them; hidden ones by
	// each beginning of two words or more, written as one.
	entries, joined map[string][][]string
}

// NewWordList makes a list. With mask, what it objects to is replaced by asterisks,
// otherwise the text is refused. An entry without a letter or digit objects to nothing.
func NewWordList(words []string, mask bool, like Lookalikes) *WordList {
	l := &WordList{mask: mask, like: like, entries: map[string][][]string{}, joined: map[string][][]string{}}
	for _, entry := range words {
		var folded []string
		for _, w := range l.split(entry) {
			folded = append(folded, w.folded)
		}
		if len(folded) == 0 {
			continue
		}
		l.entries[folded[0]] = append(l.entries[folded[0]], folded)
		for n := 2; n <= len(folded); n++ {
			start := strings.Join(folded[:n], "")
			l.joined[start] = append(l.joined[start], folded)
		}
	}
	return l
}

// Check implements Filter.
func (l *WordList) Check(_ context.Context, d Draft) (string, error) {
	return l.check("text", d.Text)
}

// CheckFields implements FieldFilter.
func (l *WordList) CheckFields(_ context.Context, _ Author, fields []Field) ([]string, error) {
	shown := make([]string, len(fields))
	for i, f := range fields {
		var err error
		if shown[i], err = l.check(f.Path, f.Text); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// check masks the words of a text, or refuses its field.
func (l *WordList) check(field, text string) (string, error) {
	found := l.find(l.split(text))
	switch {
	case len(found) == 0:
		return text, nil
	case !l.mask:
		return "", wire.Invalid(field, "has words that are not allowed here")
	}
	var out strings.Builder
	end := 0
	for _, w := range found {
		out.WriteString(text[end:w.from])
		out.WriteString(strings.Repeat("*", utf8.RuneCountInString(text[w.from:w.to])))
		end = w.to
	}
	out.WriteString(text[end:])
	return out.String(), nil
}

// find gives the words of a text that the list objects to.
func (l *WordList) find(words []word) []word {
	bad := make([]bool, len(words))
	for i, w := range words {
		candidates := l.entries[w.folded]
		if w.hides {
			candidates = append(candidates[:len(candidates):len(candidates)], l.joined[w.folded]...)
		}
		for _, entry := range candidates {
			for j := range follows(words[i:], entry) {
				bad[i+j] = true
			}
		}
	}
	var found []word
	for i, w := range words {
		if bad[i] {
			found = append(found, w)
		}
	}
	return found
}

// follows gives how many words an entry takes at the beginning of a text; 0 when the text
// begins otherwise. A word with a hidden code point inside may be several words of the
// entry: a display breaks the line there, or shows a gap.
func follows(words []word, entry []string) int {
	taken := 0
	for len(entry) > 0 {
		if taken == len(words) {
			return 0
		}
		n := words[taken].begins(entry)
		if n == 0 {
			return 0
		}
		entry, taken = entry[n:], taken+1
	}
	return taken
}

// word is a word of a text, from one byte to another.
type word struct {
	from, to int
	folded   string
	// hides reports that an invisible code point was dropped from inside the word.
	hides bool
}

// begins gives how many words at the beginning of an entry this word is; 0 for none.
func (w word) begins(entry []string) int {
	if w.folded == entry[0] {
		return 1
	}
	joined := entry[0]
	for n := 1; w.hides && n < len(entry) && len(joined) < len(w.folded); n++ {
		if joined += entry[n]; joined == w.folded {
			return n + 1
		}
	}
	return 0
}

// split finds the words of a text: runs of letters, digits and marks. What is hidden
// neither ends a word nor counts.
func (l *WordList) split(text string) []word {
	var words []word
	begin, end := -1, 0
	for i, c := range text + " " {
		switch {
		case hidden(c):
		case unicode.In(c, unicode.L, unicode.N, unicode.M):
			if begin < 0 {
				begin = i
			}
			end = i + utf8.RuneLen(c)
		case begin >= 0:
			words = append(words, l.word(text, begin, end))
			begin = -1
		}
	}
	return words
}

func (l *WordList) word(text string, from, to int) word {
	seen := strings.Map(func(c rune) rune {
		if hidden(c) {
			return -1
		}
		return c
	}, text[from:to])
	return word{from: from, to: to, folded: l.like.fold(seen), hides: len(seen) < to-from}
}
