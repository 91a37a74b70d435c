package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Lookalikes says which letters a word list reads as others.
type Lookalikes int

// What a word list reads as the same letter.
const (
	// NoLookalikes: compatible forms only, such as full width letters.
	NoLookalikes Lookalikes = iota
	// LetterLookalikes also drops marks from letters, and reads letters of other scripts as
	// the Latin ones that they look like.
	LetterLookalikes
	// DigitLookalikes also reads digits as letters, as in "l33t". An l then counts as an i, since
	// a 1 is used for both.
	DigitLookalikes
)

// fold is the form in which words are compared.
func (l Lookalikes) fold(w string) string {
	w = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(w)))
	if l == NoLookalikes {
		return w
	}
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.M, c) {
			return -1
		}
		if latin, known := lookalikes[c]; known {
			c = latin
		}
		if letter, known := digits[c]; known && l == DigitLookalikes {
			c = letter
		}
		return c
	}, norm.NFKD.String(w))
}

// lookalikes are small letters of other scripts that users mistake for Latin ones: a small
// part of the confusables of UTS 39, that of single letters in Cyrillic, Greek and
// Armenian, and of Latin letters with another picture. What is not here is not caught.
var lookalikes = pairs(
	"аa", "вb", "сc", "ԁd", "еe", "ѐe", "ёe", "ғf", "ԍg", "нh", "һh", "іi", "їi", "јj", "кk", "ӏl", "мm", "пn", "оo", "рp", "ԛq", "гr",
	"ѕs", "тt", "цu", "ѵv", "ԝw", "шw", "щw", "хx", "уy", "үy", "ұy", "ѡw", "ѳo", "өo", "ҽe", "ӡz", // Cyrillic
	"αa", "βb", "ϲc", "δd", "εe", "ηn", "ιi", "κk", "μm", "νv", "οo", "ρp", "σo", "ςc", "τt", "υu", "χx", "γy", "ωw", "ζz", "ϳj", // Greek
	"աw", "ցg", "հh", "յj", "ոn", "օo", "քp", "սu", "զq", // Armenian
	"ıi", "ɩi", "ɪi", "ʟl", "ɴn", "ʀr", "ʙb", "ɢg", "ʜh", "ᴀa", "ᴄc", "ᴅd", "ᴇe", "ᴊj", "ᴋk", "ᴍm", "ᴏo", "ᴘp", "ꜱs", "ᴛt", "ᴜu", "ᴠv", "ᴡw",
	"ʏy", "ᴢz", "ɑa", "ɡg", "ɛe", "ɔc", "ʋu", "øo", "łl", "đd", "ħh", "ŧt", "ɓb", "ƒf", "ƙk", "ƴy", "ʠq", "ɗd", "ɠg", "ɦh", "ɨi", "ʂs", "ʈt", "ʐz",
	"ƅb", "ƈc", "ƚl", "ƥp", "ƭt", "ǝe", "əe",
)

// digits are read as letters, and l as i, because 1 is used for both.
var digits = pairs("0o", "1i", "li", "3e", "4a", "5s", "6g", "7t", "8b", "9g")

// pairs makes a table from texts of two letters: a letter, and the letter that a list reads.
func pairs(of ...string) map[rune]rune {
	table := make(map[rune]rune, len(of))
	for _, pair := range of {
		letters := []rune(pair)
		table[letters[0]] = letters[1]
	}
	return table
}
