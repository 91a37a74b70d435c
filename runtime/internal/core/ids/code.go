package ids

import "crypto/rand"

// CodeAlphabet has the digits and letters that users rarely confuse.
const CodeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCode returns a random join code of length characters of [CodeAlphabet].
func NewCode(length int) string {
	code := make([]byte, 0, length)
	// Bytes above the last whole multiple of the alphabet's length are dropped, so that all
	// letters are equally likely.
	const fair = 256 / len(CodeAlphabet) * len(CodeAlphabet)
	for len(code) < length {
		var random [32]byte
		_, _ = rand.Read(random[:]) // never fails
		for _, b := range random {
			if int(b) < fair && len(code) < length {
				code = append(code, CodeAlphabet[int(b)%len(CodeAlphabet)])
			}
		}
	}
	return string(code)
}
