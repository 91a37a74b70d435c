package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/wire"
)

// MaxDepth is how many levels of arrays and objects a request may have, its own object being
// the first. Some JSON readers stop at 64, and answers and pushes wrap what clients send.
const MaxDepth = 32

// fewMembers is how many members an object may have before a map looks for doubles.
const fewMembers = 16

// Exact refuses JSON that readers understand differently: a member that is there twice, or that
// differs from one of the type in the case of letters only, more than [MaxDepth] levels, a
// number that a double does not hold as it is written, and bytes that are not UTF-8. A syntax
// error is left to encoding/json. It takes no memory but for escaped names and objects of more
// than some members. Errors are *wire.Error with invalid_argument that name the field.
func Exact(text []byte, of reflect.Type) error {
	if !utf8.Valid(text) {
		return wire.Invalid("", "the payload must be UTF-8")
	}
	x := readings.Get().(*exact)
	defer x.release()
	x.text, x.root, x.at, x.depth = text, shapeOf(of), 0, 0
	return x.read()
}

// readings are pooled, because their stack is large compared with a small request.
var readings = sync.Pool{New: func() any { return new(exact) }}

// release lets go of the text.
func (x *exact) release() {
	clear(x.levels[:x.deepest])
	clear(x.room[:])
	x.text, x.root, x.names, x.deepest = nil, nil, nil, 0
	readings.Put(x)
}

// exact is one reading. It goes once over the text, with a stack of the levels that are open.
type exact struct {
	text []byte
	root *shape
	at   int
	// levels has the open levels, depth of them; names has the names of the members of
	// all open objects so far, each level's from its first on.
	levels [MaxDepth]level
	depth  int
	// deepest is the most that depth was.
	deepest int
	names   [][]byte
	room    [2 * fewMembers][]byte
}

// level is an open array or object.
type level struct {
	object bool
	of     *shape
	// first is the place of its first name; seen takes over when there are many.
	first int
	seen  map[string]struct{}
	// name is that of the current member, of its shape; index is that of the current element.
	name   []byte
	member *shape
	index  int
	// named: the name of the member was read, and its value comes next.
	named bool
}

func (x *exact) read() error {
	x.names = x.room[:0]
	for x.at < len(x.text) {
		var err error
		switch c := x.text[x.at]; c {
		case '{', '[':
			err = x.open(c == '{')
		case '}', ']':
			if x.depth > 0 {
				x.close()
			}
			x.at++
		case ',':
			if x.depth > 0 {
				x.levels[x.depth-1].next()
			}
			x.at++
		case '"':
			err = x.string()
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			err = x.number()
		default:
			x.at++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *level) next() {
	l.index++
	l.named = false
}

// shape is that of the value that begins here.
func (x *exact) shape() *shape {
	if x.depth == 0 {
		return x.root
	}
	l := &x.levels[x.depth-1]
	if l.object {
		return l.member
	}
	return l.of.elements()
}

func (x *exact) open(object bool) error {
	if x.depth == MaxDepth {
		return wire.Invalid(x.path(2), fmt.Sprintf("may have at most %d levels in all", MaxDepth))
	}
	of := x.shape()
	x.levels[x.depth] = level{object: object, of: of, first: len(x.names)}
	x.depth++
	x.deepest = max(x.deepest, x.depth)
	x.at++
	return nil
}

func (x *exact) close() {
	x.depth--
	x.names = x.names[:x.levels[x.depth].first]
}

// string reads a text, which in an object may be the name of a member.
func (x *exact) string() error {
	begin, escaped := x.at+1, false
	for x.at = begin; x.at < len(x.text); x.at++ {
		i := bytes.IndexByte(x.text[x.at:], '"')
		if i < 0 {
			x.at = len(x.text)
			return nil
		}
		if j := bytes.IndexByte(x.text[x.at:x.at+i], '\\'); j >= 0 {
			escaped = true
			x.at += j + 1 // the loop passes over what is escaped
			continue
		}
		x.at += i
		break
	}
	end := min(x.at, len(x.text))
	x.at = end + 1
	if x.depth == 0 {
		return nil
	}
	if l := &x.levels[x.depth-1]; l.object && !l.named {
		return x.name(l, begin, end, escaped)
	}
	return nil
}

// name takes the name of a member in.
func (x *exact) name(l *level, begin, end int, escaped bool) error {
	l.named, l.name = true, x.text[begin:end]
	if escaped {
		var plain string
		if json.Unmarshal(x.text[begin-1:min(end+1, len(x.text))], &plain) != nil {
			return nil //nolint:nilerr // encoding/json reports the syntax error
		}
		l.name = []byte(plain)
	}
	if x.twice(l) {
		return wire.Invalid(x.path(MaxDepth), "the member is there twice")
	}
	if l.of == nil {
		l.member = nil
		return nil
	}
	var near string
	if l.member, near = l.of.member(string(l.name)); near != "" {
		return wire.Invalid(x.path(MaxDepth), "is not a member of this request; "+near+" is, written exactly so")
	}
	return nil
}

// twice keeps the name of a member, and reports whether its object has it already.
func (x *exact) twice(l *level) bool {
	before := x.names[l.first:]
	if l.seen == nil && len(before) < fewMembers {
		for _, name := range before {
			if bytes.Equal(name, l.name) {
				return true
			}
		}
		x.names = append(x.names, l.name)
		return false
	}
	if l.seen == nil {
		l.seen = make(map[string]struct{}, 2*fewMembers)
		for _, name := range before {
			l.seen[string(name)] = struct{}{}
		}
	}
	_, twice := l.seen[string(l.name)]
	l.seen[string(l.name)] = struct{}{}
	return twice
}

// number reads a number. Up to fifteen digits are exact in any double.
func (x *exact) number() error {
	begin := x.at
	for x.at < len(x.text) && partOfNumber(x.text[x.at]) {
		x.at++
	}
	text := x.text[begin:x.at]
	if len(text) <= 15 && !bytes.ContainsAny(text, "eE") || held(string(text)) {
		return nil
	}
	return wire.Invalid(x.path(MaxDepth), "a double does not hold this number as it is written: send it as a string")
}

func partOfNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// longest is how many bytes a whole number may have: JavaScript writes no longer one in digits.
const longest = 22

// held reports whether a double keeps a number: a whole one as it is written, or as a double's
// shortest text, another one rounded as always.
func held(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return false
	case strings.ContainsAny(text, ".eE"):
		return true
	case len(text) > longest:
		return false
	}
	return strconv.FormatFloat(f, 'f', -1, 64) == text || strconv.FormatFloat(f, 'f', 0, 64) == text
}

// maxPath bounds the path that a refusal names, in bytes.
const maxPath = 200

// path names what is being read, by its first levels, at most so many.
func (x *exact) path(most int) string {
	levels := x.levels[:min(most, x.depth)]
	var b strings.Builder
	for _, l := range levels {
		if !l.object {
			fmt.Fprintf(&b, "[%d]", l.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.Write(l.name[:min(len(l.name), 64)])
	}
	path := b.String()
	if len(path) > maxPath {
		path = path[:maxPath]
	}
	return strings.ToValidUTF8(path, "")
}
