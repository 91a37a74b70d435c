// Package guides runs the commands of the guides in runtime/guides.
//
// A comment before a block of code declares its use. "run" runs the block with bash in
// the repository's folder. "run: background, until TEXT" runs the block until it has
// printed the text, and ends it with the test. "file: PATH" writes a file. "prints"
// compares with the output of the commands since the previous such block, line by line
// and in order; "…" matches any text. "read: WHY" only checks the syntax with bash, and
// has the reason. Later blocks share the variables of lines "export …". Each block of
// commands, JavaScript or Go in a guide needs such a comment.
package guides

import (
	"fmt"
	"regexp"
	"strings"
)

// kind is the use of a block.
type kind string

const (
	run        kind = "run"
	background kind = "background"
	file       kind = "file"
	prints     kind = "prints"
	read       kind = "read"
)

// block is a block of code, with its line in the guide.
type block struct {
	kind kind
	// of is the text to wait for, the path, or the reason why the block is not run.
	of   string
	code string
	line int
}

var (
	remark   = regexp.MustCompile(`^<!-- (run: background, until "(.+)"|run|prints|(file|read): (.+)) -->$`)
	mustHave = map[string]bool{"sh": true, "js": true, "go": true, "ts": true, "text": true}
)

// blocks reads a guide. The error names a block without a comment.
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
			return nil, fmt.Errorf("line %d: this block has no comment that declares its use", b.line)
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

// missing returns the first wanted line that the output does not contain in order; ""
// when the output contains all.
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
