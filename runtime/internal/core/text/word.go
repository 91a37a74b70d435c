package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Code is a join code as it was given out, from what a user typed or pasted: without white
// space, dashes and what is not seen, full width letters as the usual ones, all in capitals.
func Code(typed string) string {
	return strings.ToUpper(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || hidden(c) {
			return -1
		}
		return c
	}, norm.NFKC.String(typed)))
}

// MaxWord is how many bytes a [Word] may have.
const MaxWord = 32

// WordRule says in words what [Word] demands.
const WordRule = "must have 1 to 32 of a-z, 0-9, '.', '_' and '-'"

// Word reports whether a text is a name that programs give, such as the type of a message.
// It has no two spellings.
func Word(s string) bool {
	return s != "" && len(s) <= MaxWord && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// MaxReaction is how many bytes a reaction may have.
const MaxReaction = 32

// ReactionRule says in words what [Reaction] demands.
const ReactionRule = "must be one emoji or word of at most 32 bytes, without white space, controls and changes of direction"

// Reaction gives a reaction in NFC; false when it is none.
func Reaction(s string) (string, bool) {
	s, fault := Rule{}.Clean(s)
	turns := func(c rune) bool {
		return unicode.IsSpace(c) || closers[c] != 0 || c == '\u202C' || c == '\u2069' || c == '\u200E' || c == '\u200F'
	}
	return s, fault == "" && s != "" && len(s) <= MaxReaction && !strings.ContainsFunc(s, turns)
}

// SameReaction reports whether two reactions look the same to users: variation selectors, with
// which some keyboards ask for the coloured picture of an emoji, make no difference.
func SameReaction(a, b string) bool { return a == b || bare(a) == bare(b) }

func bare(reaction string) string {
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Variation_Selector, c) {
			return -1
		}
		return c
	}, norm.NFC.String(reaction))
}

// Key reports whether a text can be the name of a value that users see: one line of NFC that
// clients can keep as the key of an object, which JavaScript's "__proto__" cannot.
func Key(s string) bool {
	clean, fault := Rule{}.Clean(s)
	return fault == "" && clean == s && s != "" && s != "__proto__"
}
