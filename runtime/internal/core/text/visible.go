package text

import "unicode"

// Visible reports whether a text has at least one code point that a reader can see.
func Visible(s string) bool {
	for _, c := range s {
		if !unicode.IsSpace(c) && !unicode.IsControl(c) && !ignorable(c) && c != brailleBlank {
			return true
		}
	}
	return false
}

// brailleBlank is a symbol of Unicode whose picture is empty.
const brailleBlank = '\u2800'

// ignorable reports whether a code point has the property Default_Ignorable_Code_Point: a
// display shows nothing for it. It is derived as in DerivedCoreProperties.txt.
func ignorable(c rune) bool {
	switch {
	case c < 0xAD:
		return false
	case 0xFFF9 <= c && c <= 0xFFFB, 0x13430 <= c && c <= 0x1343F, unicode.Is(unicode.Prepended_Concatenation_Mark, c):
		return false
	}
	return unicode.In(c, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// hidden reports whether a word list reads over a code point: what is ignorable, and controls
// that are no white space.
func hidden(c rune) bool {
	return ignorable(c) || unicode.IsControl(c) && !unicode.IsSpace(c)
}
