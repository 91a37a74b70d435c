// Package bombs has inputs that declare or nest more than they hold, for the corpus of every
// fuzz target: a decoder that trusts one of them exhausts memory or its stack. Only tests
// import it.
package bombs

import "strings"

// deep is how many levels the depth bombs have, in at most some ten bytes a level.
const deep = 9_000

// JSON gives texts that nest deeply, as a whole and in members that requests have, numbers and
// names without end, and objects of many members, each at most 128 KiB.
func JSON() []string {
	arrays := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	objects := strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)
	all := []string{
		strings.Repeat("[", 100*deep/10), arrays, strings.Repeat(`{"a":`, deep), objects,
		strings.Repeat("9", deep), "1e" + strings.Repeat("9", deep), `"` + strings.Repeat(`\u0000`, deep) + `"`,
		"[" + strings.Repeat(",", deep) + "]", "[" + strings.Repeat("{},", deep) + "{}]",
		`{` + strings.Repeat(`"a":1,`, deep) + `"a":1}`, `{"` + strings.Repeat("k", deep) + `":1}`,
	}
	for _, member := range []string{"data", "attributes", "streams", "keys", "filter", "e", "target", "unfollow"} {
		all = append(all, `{"`+member+`":`+arrays+`}`, `{"`+member+`":{"a":`+objects+`}}`, `{"`+member+`":`+strings.Repeat("9", deep)+`}`)
	}
	return all
}

// YAML gives documents that nest deeply in both styles, and aliases that stand for aliases.
func YAML() []string {
	laughs := "a0: &a0 [x]\n"
	for i := range 30 {
		from, to := string(rune('A'+i)), string(rune('A'+i+1))
		laughs += to + ": &" + to + " [" + strings.TrimSuffix(strings.Repeat("*"+from+", ", 9), ", ") + "]\n"
	}
	blocks := ""
	for i := range 400 {
		blocks += strings.Repeat(" ", i) + "a:\n"
	}
	laughs = strings.Replace(laughs, "a0: &a0", "A: &A", 1)
	return append(JSON(), laughs, blocks, strings.Repeat("- ", deep)+"a", "a: "+strings.Repeat("[", deep), "a: "+strings.Repeat("9", deep))
}

// MsgPack gives values whose arrays, maps, texts, bytes and extensions declare lengths near
// 2^32, alone and within a good array, and some that nest deeply.
func MsgPack() [][]byte {
	all := [][]byte{
		[]byte(strings.Repeat("\x91", 100_000)), []byte(strings.Repeat("\x81\xa1a", 30_000)), []byte(strings.Repeat("\x81", 30_000)),
		[]byte(strings.Repeat("\xdd\x00\x00\x00\x01", 20_000)),
		[]byte(strings.Repeat("\xdd\x00\x00\xff\xf0", 63) + strings.Repeat("\x00", 1<<16)),
	}
	for _, tag := range []string{"\xc6", "\xc9", "\xdb", "\xdd", "\xdf"} {
		all = append(all, []byte(tag+"\xff\xff\xff\xff"), []byte("\x93\xa1x"+tag+"\xff\xff\xff\xff\x00"))
	}
	return all
}
