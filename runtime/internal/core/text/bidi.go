package text

// maxNested is how many changes of direction may be open at once; it is the depth of the
// Unicode Bidirectional Algorithm.
const maxNested = 125

// closers are the controls that change the direction of a text, with what ends each.
var closers = map[rune]rune{
	'\u202A': '\u202C', '\u202B': '\u202C', '\u202D': '\u202C', '\u202E': '\u202C', // embeddings and overrides
	'\u2066': '\u2069', '\u2067': '\u2069', '\u2068': '\u2069', // isolates
}

// paired reports whether each change of direction ends in the paragraph in which it begins,
// and nothing ends that did not begin. So a text cannot turn what is shown after it.
func paired(s string) bool {
	var open []rune
	for _, c := range s {
		switch c {
		case '\u202A', '\u202B', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068':
			if open = append(open, closers[c]); len(open) > maxNested {
				return false
			}
		case '\u202C', '\u2069':
			if len(open) == 0 || open[len(open)-1] != c {
				return false
			}
			open = open[:len(open)-1]
		case '\n', paragraphSeparator:
			if len(open) > 0 {
				return false
			}
		}
	}
	return len(open) == 0
}
