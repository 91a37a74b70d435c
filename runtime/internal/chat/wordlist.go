package chat

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/anteroom/anteroom/runtime/wire"
)

// WordList is a Filter that objects to words: whole ones, without regard to case or to
// how their letters are composed. An entry of several words means these words in a
// row, whatever stands between them that is no word.
type WordList struct {
	mask bool
	// entries are the words of each entry, folded, by the first of them.
	entries map[string][][]string
}

// NewWordList makes a list. With mask, what it objects to is replaced by asterisks,
// otherwise the message is refused. An entry without a letter or digit objects to
// nothing.
func NewWordList(words []string, mask bool) *WordList {
	l := &WordList{mask: mask, entries: map[string][][]string{}}
	for _, entry := range words {
		var folded []string
		for _, w := range split(entry) {
			folded = append(folded, w.folded)
		}
		if len(folded) > 0 {
			l.entries[folded[0]] = append(l.entries[folded[0]], folded)
		}
	}
	return l
}

// Check implements Filter.
func (l *WordList) Check(_ context.Context, d Draft) (string, error) {
	found := l.find(split(d.Text))
	switch {
	case len(found) == 0:
		return d.Text, nil
	case !l.mask:
		return "", objectionable()
	}
	var out strings.Builder
	end := 0
	for _, w := range found {
		out.WriteString(d.Text[end:w.from])
		out.WriteString(strings.Repeat("*", utf8.RuneCountInString(d.Text[w.from:w.to])))
		end = w.to
	}
	out.WriteString(d.Text[end:])
	return out.String(), nil
}

func objectionable() error {
	return wire.Invalid("text", "has words that are not allowed in this channel")
}

// find gives the words of a text that the list objects to.
func (l *WordList) find(words []word) []word {
	bad := make([]bool, len(words))
	for i, w := range words {
		for _, entry := range l.entries[w.folded] {
			if follows(words[i:], entry) {
				for j := range entry {
					bad[i+j] = true
				}
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

// follows tells whether words begin with those of an entry.
func follows(words []word, entry []string) bool {
	return len(words) >= len(entry) && slices.EqualFunc(words[:len(entry)], entry,
		func(w word, folded string) bool { return w.folded == folded })
}

// word is a word of a text, from one byte to another.
type word struct {
	from, to int
	folded   string
}

// split finds the words of a text: runs of letters, digits and marks. Characters that
// are not seen, such as the zero width joiner, neither end a word nor count.
func split(text string) []word {
	var words []word
	begin := -1
	for i, r := range text + " " {
		switch {
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			if begin < 0 {
				begin = i
			}
		case unicode.Is(unicode.Cf, r):
		case begin >= 0:
			words = append(words, word{from: begin, to: i, folded: folded(text[begin:i])})
			begin = -1
		}
	}
	return words
}

// folded is the form in which words are compared.
func folded(w string) string {
	w = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, w)
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(w)))
}
