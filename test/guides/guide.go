// Package guides runs the commands of the guides in runtime/guides.
//
// A comment before a block of code says what becomes of it: "run" runs it with bash in the
// repository's folder; "run: background, until TEXT" runs it until it has printed the text,
// and ends it with the test; "file: PATH" writes it; "prints" is what the commands so far
// have printed since the last such block, line by line and in this order, where "…" is
// anything; "read: WHY" is only looked through by bash, and says why. What a line "export …"
// sets, later blocks have too. A guide's blocks of commands, JavaScript and Go all need one
// of them.
package guides

import (
	"fmt"
	"regexp"
	"strings"
)

// kind is what becomes of a block.
type kind string

const (
	run        kind = "run"
	background kind = "background"
	file       kind = "file"
	prints     kind = "prints"
	read       kind = "read"
)

// block is a block of code, and where it stands.
type block struct {
	kind kind
	// of is the text to wait for, the path, or why it is not run.
	of   string
	code string
	line int
}

var (
	remark   = regexp.MustCompile(`^<!-- (run: background, until "(.+)"|run|prints|(file|read): (.+)) -->$`)
	mustHave = map[string]bool{"sh": true, "js": true, "go": true, "ts": true, "text": true}
)

// blocks reads a guide. The error says where a block has no remark.
func blocks(guide string) ([]block, error) {
	var all []block
	lines := strings.Split(guide, "\n")
	for i := 0; i < len(lines); i++ {
		language, opens := strings.CutPrefix(lines[i], "```")
		if !opens {
			continue
		}
		b := block{line: i + 1}
		found := i > 0 && b.remark(lines[i-1])
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			b.code += lines[i] + "\n"
		}
		switch {
		case found:
			all = append(all, b)
		case mustHave[language]:
			return nil, fmt.Errorf("line %d: nothing says what becomes of this block", b.line)
		}
	}
	return all, nil
}

// remark reads the line before a block.
func (b *block) remark(line string) bool {
	m := remark.FindStringSubmatch(line)
	switch {
	case m == nil:
		return false
	case m[2] != "":
		b.kind, b.of = background, m[2]
	case m[3] != "":
		b.kind, b.of = kind(m[3]), m[4]
	default:
		b.kind = kind(m[1])
	}
	return true
}

// missing gives the first line of wanted that does not follow in what was printed; "" when
// all are there.
func missing(printed, wanted string) string {
	lines := strings.Split(printed, "\n")
	for _, want := range strings.Split(strings.TrimSpace(wanted), "\n") {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
		i := indexMatching(lines, regexp.MustCompile(pattern))
		if i < 0 {
			return want
		}
		lines = lines[i+1:]
	}
	return ""
}

func indexMatching(lines []string, pattern *regexp.Regexp) int {
	for i, line := range lines {
		if pattern.MatchString(line) {
			return i
		}
	}
	return -1
}
