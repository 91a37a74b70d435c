// Package msgpack reads MessagePack that strangers wrote. It trusts no length and no depth
// that the input declares: the bytes that are left bound every allocation, and values nest
// at most [MaxDepth] levels deep.
package msgpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// MaxDepth is how deeply arrays and maps may nest. Deeper input is refused before a further
// call, so that no input exhausts the stack.
const MaxDepth = 64

// Why an input is refused.
var (
	ErrShort    = errors.New("msgpack: the input ends within a value")
	ErrDepth    = fmt.Errorf("msgpack: values nest more than %d levels deep", MaxDepth)
	ErrType     = errors.New("msgpack: a value has a type that JSON does not have")
	ErrKey      = errors.New("msgpack: a key of a map is no string, or is there twice")
	ErrTrailing = errors.New("msgpack: bytes follow the value")
)

// Decode reads the one value that data holds: nil, bool, int64, uint64 (above the greatest
// int64 only), float32, float64, string, []byte, time.Time in UTC, []any or map[string]any.
// It takes memory in proportion to len(data), and keeps no reference to data. Errors are
// those of this package.
func Decode(data []byte) (any, error) {
	r := reader{data}
	v, err := r.value(0)
	if err == nil && len(r.left) > 0 {
		err = ErrTrailing
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// reader has the bytes that are left.
type reader struct{ left []byte }

// The first byte of a value that has a fixed one.
const (
	tagNil, tagFalse, tagTrue = 0xc0, 0xc2, 0xc3
	tagBin8, tagBin32         = 0xc4, 0xc6
	tagExt8, tagExt32         = 0xc7, 0xc9
	tagFloat32, tagFloat64    = 0xca, 0xcb
	tagUint8, tagUint64       = 0xcc, 0xcf
	tagInt8, tagInt64         = 0xd0, 0xd3
	tagFixExt1, tagFixExt16   = 0xd4, 0xd8
	tagStr8, tagStr32         = 0xd9, 0xdb
	tagArray16, tagArray32    = 0xdc, 0xdd
	tagMap16, tagMap32        = 0xde, 0xdf
)

// value reads one value; depth is how many arrays and maps it is in.
func (r *reader) value(depth int) (any, error) {
	head, err := r.take(1)
	if err != nil {
		return nil, err
	}
	switch tag := head[0]; {
	case tag < 0x80:
		return int64(tag), nil
	case tag < 0x90:
		return r.object(uint64(tag&0x0f), depth)
	case tag < 0xa0:
		return r.array(uint64(tag&0x0f), depth)
	case tag < 0xc0:
		return r.text(uint64(tag & 0x1f))
	case tag >= 0xe0:
		return int64(int8(tag)), nil
	case tag >= tagArray16:
		return r.long(tag, depth)
	default:
		return r.scalar(tag)
	}
}

// long reads an array or a map that declares its length in two or four bytes.
func (r *reader) long(tag byte, depth int) (any, error) {
	width := 2
	if tag == tagArray32 || tag == tagMap32 {
		width = 4
	}
	n, err := r.number(width)
	switch {
	case err != nil:
		return nil, err
	case tag >= tagMap16:
		return r.object(n, depth)
	}
	return r.array(n, depth)
}

// scalar reads what is neither an array nor a map.
func (r *reader) scalar(tag byte) (any, error) {
	switch {
	case tag == tagNil:
		return nil, nil
	case tag == tagFalse, tag == tagTrue:
		return tag == tagTrue, nil
	case tag >= tagBin8 && tag <= tagBin32:
		return r.sized(1<<(tag-tagBin8), func(b []byte) any { return append([]byte{}, b...) })
	case tag >= tagStr8 && tag <= tagStr32:
		return r.sized(1<<(tag-tagStr8), func(b []byte) any { return string(b) })
	case tag >= tagUint8 && tag <= tagInt64, tag == tagFloat32, tag == tagFloat64:
		return r.numeric(tag)
	case tag >= tagExt8 && tag <= tagExt32:
		n, err := r.number(1 << (tag - tagExt8))
		if err != nil {
			return nil, err
		}
		return r.timestamp(n)
	case tag >= tagFixExt1 && tag <= tagFixExt16:
		return r.timestamp(1 << (tag - tagFixExt1))
	}
	return nil, ErrType
}

func (r *reader) numeric(tag byte) (any, error) {
	switch {
	case tag == tagFloat32:
		n, err := r.number(4)
		return math.Float32frombits(uint32(n)), err
	case tag == tagFloat64:
		n, err := r.number(8)
		return math.Float64frombits(n), err
	case tag >= tagInt8:
		width := 1 << (tag - tagInt8)
		n, err := r.number(width)
		unused := 64 - 8*width
		return int64(n<<unused) >> unused, err
	}
	n, err := r.number(1 << (tag - tagUint8))
	if err == nil && n > math.MaxInt64 {
		return n, nil
	}
	return int64(n), err
}

// array reads n values. What n declares is refused where it is more than the bytes that are
// left, each value having one at least; the slice grows as values come.
func (r *reader) array(n uint64, depth int) (any, error) {
	if err := r.fits(n, depth); err != nil {
		return nil, err
	}
	all := make([]any, 0, min(n, 8))
	for range n {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// object reads n members, bounded as the values of array are.
func (r *reader) object(n uint64, depth int) (any, error) {
	if err := r.fits(2*n, depth); err != nil {
		return nil, err
	}
	all := make(map[string]any, min(n, 8))
	for range n {
		key, err := r.value(MaxDepth) // no array and no map is a key
		name, is := key.(string)
		_, twice := all[name]
		switch {
		case err != nil:
			return nil, err
		case !is, twice:
			return nil, ErrKey
		}
		if all[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fits refuses a container whose values need more bytes than are left, and one too deep.
func (r *reader) fits(values uint64, depth int) error {
	switch {
	case depth >= MaxDepth:
		return ErrDepth
	case values > uint64(len(r.left)):
		return ErrShort
	}
	return nil
}

func (r *reader) text(n uint64) (any, error) {
	b, err := r.take(n)
	return string(b), err
}

// sized reads bytes whose number is declared in so many bytes.
func (r *reader) sized(width int, as func([]byte) any) (any, error) {
	n, err := r.number(width)
	if err != nil {
		return nil, err
	}
	b, err := r.take(n)
	if err != nil {
		return nil, err
	}
	return as(b), nil
}

// timestamp reads an extension of n bytes; of all extensions, JSON can represent only the
// timestamp (-1).
func (r *reader) timestamp(n uint64) (any, error) {
	kind, err := r.take(1)
	if err != nil {
		return nil, err
	}
	b, err := r.take(n)
	switch {
	case err != nil:
		return nil, err
	case int8(kind[0]) != -1:
		return nil, ErrType
	}
	var seconds, nanos uint64
	switch n {
	case 4:
		seconds = uint64(binary.BigEndian.Uint32(b))
	case 8:
		both := binary.BigEndian.Uint64(b)
		seconds, nanos = both&(1<<34-1), both>>34
	case 12:
		nanos, seconds = uint64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint64(b[4:])
	default:
		return nil, ErrType
	}
	if nanos >= 1e9 {
		return nil, ErrType
	}
	return time.Unix(int64(seconds), int64(nanos)).UTC(), nil
}

// number reads an unsigned number of 1, 2, 4 or 8 bytes.
func (r *reader) number(width int) (n uint64, err error) {
	b, err := r.take(uint64(width))
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, err
}

// take gives the next n bytes, without a copy.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.left)) {
		return nil, ErrShort
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b, nil
}
