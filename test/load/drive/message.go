package drive

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// A message's text is a mark, its number in the room, and, unless it is short, its due
// time and filler up to its size.
const (
	mark      = '~'
	numberLen = 10
	stampLen  = 19
	// TextSize is the usual length of a text in bytes.
	TextSize = 64
)

// appendText appends the text of message n, due at a time, with size bytes.
func appendText(dst []byte, n uint64, due time.Time, size int) []byte {
	dst = fmt.Appendf(append(dst, mark), "%0*d%0*d", numberLen, n, stampLen, due.UnixNano())
	for range size - 1 - numberLen - stampLen {
		dst = append(dst, 'x')
	}
	return dst
}

// appendShort appends a text of the number only.
func appendShort(dst []byte, n uint64) []byte {
	return fmt.Appendf(append(dst, mark), "%0*d", numberLen, n)
}

// findText finds a text in a payload. Due is zero when it is a short one.
func findText(payload []byte) (n uint64, due int64, found bool) {
	i := bytes.IndexByte(payload, mark)
	if i < 0 || len(payload) < i+1+numberLen {
		return 0, 0, false
	}
	payload = payload[i+1:]
	number, ok := digits(payload[:numberLen])
	if !ok {
		return 0, 0, false
	}
	if len(payload) < numberLen+stampLen {
		return number, 0, true
	}
	if stamp, ok := digits(payload[numberLen : numberLen+stampLen]); ok {
		due = int64(stamp)
	}
	return number, due, true
}

func digits(b []byte) (value uint64, ok bool) {
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		value = value*10 + uint64(d-'0')
	}
	return value, true
}

// findSeq finds the seq in the meta at the end of a push.
func findSeq(payload []byte) (seq uint64, found bool) {
	const key = `"seq":`
	i := bytes.LastIndex(payload, []byte(key))
	if i < 0 {
		return 0, false
	}
	rest := payload[i+len(key):]
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0, false
	}
	seq, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	return seq, err == nil
}
