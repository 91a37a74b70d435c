package drive

import (
	"testing"
	"time"
)

func TestTextIsFoundInAnyPayload(t *testing.T) {
	due := time.Unix(1_700_000_000, 123_456_789)
	text := string(appendText(nil, 42, due, TextSize))
	if len(text) != TextSize {
		t.Fatalf("got a text of %d bytes", len(text))
	}
	for _, payload := range []string{text, "4" + text, `42["say","` + text + `"]`, `42["chat:message",{"text":"` + text + `","meta":{"seq":7,"ts":1}}]`} {
		n, at, found := findText([]byte(payload))
		if n != 42 || at != due.UnixNano() || !found {
			t.Errorf("%s: got %d, %d, %v", payload, n, at, found)
		}
	}
	short := string(appendShort(nil, 7))
	for _, payload := range []string{short, `42["lobby:patch",{"ops":[{"value":"` + short + `"}],"meta":{"stream":"lobby:x","seq":3}}]`} {
		if n, at, found := findText([]byte(payload)); n != 7 || at != 0 || !found {
			t.Errorf("%s: got %d, %d, %v", payload, n, at, found)
		}
	}
	for _, payload := range []string{"", "~", "~12", "~12345x7890", `42["session:ready",{}]`} {
		if _, _, found := findText([]byte(payload)); found {
			t.Errorf("got a text in %q, want none", payload)
		}
	}
}

func TestFindSeq(t *testing.T) {
	for payload, want := range map[string]uint64{
		`{"text":"\"seq\":1","meta":{"stream":"s","epoch":"e","seq":12,"ts":5}}]`: 12,
		`{"meta":{"seq":3}}`: 3,
		`{"meta":{"seq":3`:   0,
		`{"text":"none"}`:    0,
	} {
		if got, found := findSeq([]byte(payload)); got != want || found != (want > 0) {
			t.Errorf("%s: got %d, %v", payload, got, found)
		}
	}
}
