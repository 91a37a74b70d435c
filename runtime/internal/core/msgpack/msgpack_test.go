package msgpack

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
)

func TestValuesAreReadAsTheyWereWritten(t *testing.T) {
	long := strings.Repeat("x", 70000)
	many := make([]any, 70000)
	members := map[string]any{}
	for i := range many {
		many[i] = int64(i)
	}
	for i := range 300 {
		members[strings.Repeat("k", i)] = i%2 == 0
	}
	for _, want := range []any{
		nil, true, false, int64(0), int64(127), int64(128), int64(-1), int64(-32), int64(-33), int64(-129), int64(-40000), int64(70000),
		int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), 1.5, float32(2.5), "", "ж", long[:40], long[:300], long,
		[]byte{}, []byte("b"), []byte(long[:300]), []byte(long), []any{}, []any{"a", nil, []any{int64(1)}}, many[:20], many,
		map[string]any{}, map[string]any{"a": map[string]any{"b": []any{}}}, members,
		time.Unix(1, 0).UTC(), time.Unix(1<<33, 999999999).UTC(), time.Unix(1<<35, 1).UTC(), time.Unix(-5, 7).UTC(),
	} {
		data, err := msgpack.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Errorf("%.40v: %v", want, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.40v: %.400s", want, diff)
		}
	}
}

func TestWhatIsNoJSONIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		"":                         ErrShort,
		"\xc1":                     ErrType,
		"\xd4\x00\x00":             ErrType,
		"\xd7\xff\xff\xff\xff\xff": ErrShort,
		"\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff": ErrType,
		"\x81\x01\x01":           ErrKey,
		"\x81\x90\x01":           ErrDepth,
		"\x82\xa1a\x01\xa1a\x02": ErrKey,
		"\xc0\xc0":               ErrTrailing,
		"\xa5abc":                ErrShort,
	} {
		if v, err := Decode([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v; want %v", text, v, err, want)
		}
	}
}

func TestBombsAreRefusedCheaply(t *testing.T) {
	for name, bomb := range bombs.MsgPack() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(bomb)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("bomb %d: it was taken", name)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > spare+perByte*uint64(len(bomb)) {
			t.Errorf("bomb %d of %d bytes takes %d", name, len(bomb), took)
		}
	}
}

// An input may take spare bytes, and perByte for each of its own: the dearest is a map of
// one short member within the next.
const (
	spare   = 16 << 10
	perByte = 400
)

// FuzzDecode: no input makes the decoder panic, or take more memory than its size allows.
func FuzzDecode(f *testing.F) {
	for _, bomb := range bombs.MsgPack() {
		f.Add(bomb)
	}
	f.Add([]byte("\x93\xa1a\x83\xa4type\x02\xa4data\x92\xa1x\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/\x80"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Decode(data)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > spare+perByte*uint64(len(data)) {
			t.Errorf("%d bytes take %d", len(data), took)
		}
	})
}
