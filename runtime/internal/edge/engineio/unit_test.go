package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
)

// record is a sink that keeps what it is given.
type record struct{ got []string }

func (r *record) message(binary bool, payload []byte) error {
	r.got = append(r.got, fmt.Sprintf("%t %q", binary, payload))
	return nil
}

func (r *record) control(op byte, payload []byte) error {
	r.got = append(r.got, fmt.Sprintf("%x %q", op, payload))
	return nil
}

func (r *record) oversized(head []byte) error {
	r.got = append(r.got, fmt.Sprintf("over %q", head))
	return nil
}

// feedAll decodes the input in pieces of the sizes that cut gives.
func feedAll(input []byte, limit int, cut func(left int) int) ([]string, error) {
	d, r := &decoder{limit: limit, most: 4 * limit, binary: true}, &record{}
	input = bytes.Clone(input)
	for len(input) > 0 {
		n := cut(len(input))
		if err := d.feed(input[:n], r); err != nil {
			return r.got, err
		}
		input = input[n:]
	}
	return r.got, nil
}

func whole(left int) int { return left }

func TestDecoderDoesNotDependOnPieces(t *testing.T) {
	var input []byte
	for _, size := range []int{0, 1, 7, 8, 125, 126, 127, 65535, 65536, 70_000} {
		input = append(input, masked(finBit|opText, bytes.Repeat([]byte("a"), size))...)
		input = append(input, masked(opBinary, bytes.Repeat([]byte{1, 2, 3}, size/3))...)
		input = append(input, masked(finBit|opPing, bytes.Repeat([]byte("p"), size%126))...)
		input = append(input, masked(opContinue, nil)...)
		input = append(input, masked(finBit|opContinue, bytes.Repeat([]byte("z"), size/2))...)
	}
	want, err := feedAll(input, 1<<20, whole)
	if err != nil || len(want) != 30 {
		t.Fatal(len(want), err)
	}
	source := rand.New(rand.NewPCG(1, 2))
	for name, cut := range map[string]func(int) int{
		"bytes":  func(int) int { return 1 },
		"random": func(left int) int { return 1 + source.IntN(min(left, 3000)) },
	} {
		got, err := feedAll(input, 1<<20, cut)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(name, diff)
		}
	}
}

// Whatever comes in, the decoder gives the same in any pieces, and no message
// over its limit or of broken text.
func FuzzDecoder(f *testing.F) {
	f.Add(masked(finBit|opText, []byte("4hello")), uint8(3))
	f.Add(append(masked(opText, []byte("4he")), masked(finBit|opContinue, []byte("llo"))...), uint8(1))
	f.Add(masked(finBit|opClose, []byte{3, 232}), uint8(2))
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5}, uint8(4))
	for i, bomb := range bombs.MsgPack() {
		f.Add(append([]byte{finBit | opBinary, maskBit | 127}, bomb[:min(len(bomb), 1000)]...), uint8(i))
		f.Add(masked(opText, bomb[:min(len(bomb), 120)]), uint8(i))
	}
	f.Fuzz(func(t *testing.T, input []byte, piece uint8) {
		const limit = 100
		want, wantErr := feedAll(input, limit, whole)
		got, gotErr := feedAll(input, limit, func(left int) int { return min(left, int(piece)+1) })
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(gotErr, wantErr) {
			t.Fatal(diff, wantErr, gotErr)
		}
		for _, m := range got {
			if strings.HasPrefix(m, "false") && (len(m) > 5*limit || !utf8.ValidString(m)) {
				t.Fatal(m)
			}
		}
	})
}

func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"4hello", "4a\x1e4b", "bAQID\x1e3", "", "\x1e", "b", "9", "4\xff"} {
		f.Add([]byte(seed))
	}
	for _, bomb := range bombs.JSON() {
		f.Add([]byte("4" + bomb))
		f.Add([]byte("b" + bomb))
	}
	f.Add(bytes.Repeat([]byte{separator}, 60_000))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var again []byte
		original := bytes.Clone(payload)
		err := parsePayload(payload, func(p packet) error {
			if p.kind < packetOpen || p.kind > packetNoop {
				t.Fatalf("kind %q", p.kind)
			}
			frame := packetFrame(string(p.kind) + string(p.data))
			if p.binary {
				frame = Message(Binary, p.data)
			}
			again = appendPayload(again, frame)
			return nil
		})
		// Base64 may be written with line breaks; all else comes out as it went in.
		if err == nil && !bytes.Equal(again, original) && !bytes.ContainsAny(original, "b\r\n") {
			t.Fatalf("%q became %q", original, again)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"EIO=4&transport=polling", "sid=%41&sid=b", "&&=&", "EIO=%", "transport=a+b;c"} {
		f.Add(seed)
	}
	for _, bomb := range bombs.JSON() {
		f.Add("sid=" + bomb)
	}
	f.Add(strings.Repeat("sid=a&", 10_000))
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		last := func(name string) string {
			if v := values[name]; len(v) > 0 {
				return v[len(v)-1]
			}
			return ""
		}
		want := query{version: last("EIO"), transport: last("transport"), sid: last("sid")}
		// A name may be written with escapes, which only the general parser decodes.
		if q != want && !strings.ContainsAny(raw, "%+;") {
			t.Fatalf("%q: %+v, want %+v", raw, q, want)
		}
	})
}

func TestFrames(t *testing.T) {
	for _, size := range []int{0, 1, 124, 125, 126, 65534, 65535, 65536} {
		payload := strings.Repeat("x", size)
		for _, kind := range []Kind{Text, Binary} {
			f := Message(kind, payload)
			wire := bytes.Clone(f.wire)
			if f.Size() != len(wire) {
				t.Error(f.Size())
			}
			polled := "4" + payload
			if kind == Binary {
				polled = "b" + base64.StdEncoding.EncodeToString([]byte(payload))
			}
			if got := string(appendPayload(nil, f)); got != polled {
				t.Errorf("%d: %.20q", size, got)
			}
		}
	}
	if f := closeFrame(CodeNormal, strings.Repeat("x", 500)); len(f.wire) > 2+maxControl {
		t.Error(len(f.wire))
	}
}

// An outbox gives the same bytes whatever the writes take of it.
func TestOutboxWithPartialWrites(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 4))
	var o outbox
	var want, got []byte
	scratch := make([]byte, 0, 1000)
	for range 5000 {
		for range source.IntN(4) {
			f := Message(Text, strings.Repeat(string(rune('a'+source.IntN(26))), source.IntN(600)))
			o.push(f)
			want = append(want, f.wire...)
		}
		if o.empty() {
			continue
		}
		batch := o.batch(scratch)
		n := source.IntN(len(batch) + 1)
		got = append(got, batch[:n]...)
		o.advance(n)
		if o.bytes != len(want)-len(got) {
			t.Fatal(o.bytes, len(want)-len(got))
		}
	}
	for !o.empty() {
		batch := o.batch(scratch)
		got = append(got, batch...)
		o.advance(len(batch))
	}
	if !bytes.Equal(got, want) {
		t.Fatal("other bytes came out")
	}
}

// The bound is asked for with each frame; a frame that is larger may wait alone.
func TestOutboundLimitIsLive(t *testing.T) {
	var limit atomic.Int64
	options := calm(false)
	options.OutboundLimit = func() int { return int(limit.Load()) }
	h := newHost(t, options, nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	frame := Message(Text, strings.Repeat("x", 1000))
	limit.Store(500)
	if !s.Send(frame) {
		t.Error("the first frame may not wait")
	}
	for _, allowed := range []int64{0, 10_000} {
		limit.Store(allowed)
		if !s.Send(frame) {
			t.Errorf("within the limit of %d", allowed)
		}
	}
	limit.Store(3500)
	if s.Send(frame) {
		t.Error("beyond the limit")
	}
	h.wantClosed(SlowConsumer)
	h.want("GET", q, "", 200, "1")
}

// A frame that waits alone has a bound as well, so that no answer of any size goes out.
func TestAFrameAloneHasABound(t *testing.T) {
	options := calm(false)
	options.OutboundBytes = 500
	h := newHost(t, options, nil)
	h.startPolling()
	s := receive(t, h.handler.opened, "open")
	if s.Send(Message(Text, strings.Repeat("x", aloneBytes))) {
		t.Error("a frame of more than aloneBytes waits")
	}
	h.wantClosed(SlowConsumer)
}

func TestOutboxCut(t *testing.T) {
	frames := func(o *outbox) {
		for range 5 {
			o.push(Message(Text, "12345678"))
		}
	}
	var o outbox
	frames(&o)
	o.cut()
	if !o.empty() || o.bytes != 0 {
		t.Error("whole frames are left")
	}
	frames(&o)
	o.batch(make([]byte, 0, 100))
	o.advance(15)
	o.cut()
	if len(o.frames)-o.head != 1 || o.bytes != 7 {
		t.Error("the frame that was begun has to stay", o.bytes)
	}
	o = outbox{}
	frames(&o)
	o.batch(make([]byte, 0, 25))
	o.cut()
	if o.bytes != 22 {
		t.Error("what is being written has to stay", o.bytes)
	}
}

func TestDeadlines(t *testing.T) {
	set := &deadlines{}
	fired := make(chan int, 10)
	l := set.line(time.Second, func(e *entry) { fired <- e.owner.(int) })
	far := set.line(time.Hour, func(*entry) { t.Error("fired an hour early") })
	entries := make([]entry, 6)
	for i := range entries {
		entries[i].owner = i
		l.move(&entries[i])
	}
	set.drop(&entries[0])
	set.drop(&entries[0])
	far.move(&entries[3])
	l.move(&entries[1])
	var order []int
	for range 4 {
		order = append(order, receive(t, fired, "entry"))
	}
	if diff := cmp.Diff([]int{2, 4, 5, 1}, order); diff != "" {
		t.Error(diff)
	}
	if !entries[3].isIn(far) || entries[1].isIn(l) {
		t.Error("in the wrong line")
	}
	l.move(&entries[0])
	if receive(t, fired, "entry") != 0 {
		t.Error("an empty line has to start again")
	}
	far.stop()
}

// What follows a deadline counts from it and not from when its timer came, but for
// the half of its own time.
func TestDeadlinesFollow(t *testing.T) {
	set := &deadlines{}
	l := set.line(time.Minute, func(*entry) { t.Error("fired a minute early") })
	defer l.stop()
	now := time.Now()
	long, little := entry{due: now.Add(-time.Hour)}, entry{due: now.Add(-time.Second)}
	l.follow(&long)
	l.follow(&little)
	if left := long.due.Sub(now); left < 30*time.Second || left >= time.Minute {
		t.Errorf("long overdue: %v are left", left)
	}
	if want := now.Add(time.Minute - time.Second); !little.due.Equal(want) {
		t.Errorf("a little overdue: due %v, want %v", little.due, want)
	}
	if !long.isIn(l) || l.last != &little {
		t.Error("not in the line in the order of their time")
	}
}

func TestCloseCodes(t *testing.T) {
	for payload, want := range map[string]Code{"": codeNone, "\x03\xe8": CodeNormal, "\x03\xe9bye": CodeGoingAway, "\x0f\xa0": 4000} {
		if code, err := parseClose([]byte(payload)); err != nil || code != want {
			t.Errorf("%q: %d, %v", payload, code, err)
		}
	}
	for payload, want := range map[string]error{"x": errCloseFrame, "\x03\xed": errCloseFrame, "\x00\x01": errCloseFrame, "\x13\x88": errCloseFrame, "\x03\xe8\xff": errUTF8} {
		if _, err := parseClose([]byte(payload)); !errors.Is(err, want) {
			t.Errorf("%q: %v", payload, err)
		}
	}
}

func TestQueryIsUnambiguous(t *testing.T) {
	for _, raw := range []string{"sid=a&sid=b", "sid=&sid=b", "EIO=4&transport=polling&EIO=3", "EIO=4&transport=polling&j=0"} {
		if q, err := parseQuery(raw); explain(err).reason != RefusedRequest {
			t.Errorf("%s: %+v, %v", raw, q, err)
		}
	}
}
