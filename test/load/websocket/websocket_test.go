package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// serverFrame returns a frame as a server sends it.
func serverFrame(first byte, payload string) []byte {
	n := len(payload)
	switch {
	case n <= maxSmall:
		return append([]byte{first, byte(n)}, payload...)
	case n < 1<<16:
		return append([]byte{first, size16, byte(n >> 8), byte(n)}, payload...)
	default:
		return append([]byte{first, size64, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, payload...)
	}
}

func TestDecoderSplitsAtAnyByte(t *testing.T) {
	long, huge := strings.Repeat("a", 300), strings.Repeat("b", 70_000)
	var wire []byte
	for _, f := range [][]byte{
		serverFrame(0x81, "one"), serverFrame(0x89, "ping"), serverFrame(0x81, ""), serverFrame(0x82, long),
		serverFrame(0x01, "frag"), serverFrame(0x8a, "between"), serverFrame(0x00, "men"), serverFrame(0x80, "ted"),
		serverFrame(0x81, huge), serverFrame(0x88, "\x03\xe8"),
	} {
		wire = append(wire, f...)
	}
	want := []string{"1 one", "9 ping", "1 ", "2 " + long, "10 between", "1 fragmented", "1 " + huge, "8 \x03\xe8"}
	for _, step := range []int{1, 2, 3, 7, 64, 1000, len(wire)} {
		var d Decoder
		var got []string
		for rest := wire; len(rest) > 0; {
			n := min(step, len(rest))
			chunk := bytes.Clone(rest[:n])
			err := d.Feed(chunk, func(op Opcode, payload []byte) error {
				got = append(got, fmt.Sprintf("%d %s", op, payload))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			clear(chunk) // the decoder may keep no part of the chunk
			rest = rest[n:]
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("in steps of %d: %d messages, want %d", step, len(got), len(want))
		}
	}
}

func TestDecoderRefuses(t *testing.T) {
	for name, wire := range map[string][]byte{
		"masked":     {0x81, 0x81, 1, 2, 3, 4, 5},
		"compressed": {0xc1, 0x01, 'x'},
		"enormous":   {0x82, size64, 1, 0, 0, 0, 0, 0, 0, 0},
	} {
		var d Decoder
		err := d.Feed(wire, func(Opcode, []byte) error { return nil })
		if !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v, want ErrFrame", name, err)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("x"), n)
		frame := AppendFrame(nil, Text, payload)
		// Without the mask the frame equals a server's frame.
		head := 2
		if frame[1]&0x7f == size16 {
			head = 4
		} else if frame[1]&0x7f == size64 {
			head = 10
		}
		frame[1] &^= maskBit
		mask := frame[head]
		plain := bytes.Clone(frame[:head])
		for _, b := range frame[head+4:] {
			plain = append(plain, b^mask)
		}
		var d Decoder
		var got [][]byte
		if err := d.Feed(plain, func(_ Opcode, p []byte) error { got = append(got, bytes.Clone(p)); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || !bytes.Equal(got[0], payload) {
			t.Errorf("got another payload of a frame of %d bytes", n)
		}
	}
}

func TestAnswer(t *testing.T) {
	yes := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
	if _, done, err := Answer([]byte(yes[:20])); done || err != nil {
		t.Errorf("half an answer: got %v, %v", done, err)
	}
	rest, done, err := Answer([]byte(yes + "more"))
	if string(rest) != "more" || !done || err != nil {
		t.Errorf("an answer: got %q, %v, %v", rest, done, err)
	}
	if _, _, err := Answer([]byte("HTTP/1.1 503 Busy\r\n\r\nlater")); err == nil || !strings.Contains(err.Error(), "503 Busy later") {
		t.Errorf("a refusal: got %v", err)
	}
	if _, _, err := Answer(bytes.Repeat([]byte("x"), maxHandshake+1)); err == nil {
		t.Error("got no error for an answer without an end")
	}
}
