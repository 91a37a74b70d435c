package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
)

// maxLine bounds what is shown of one line of a child's output; a longer line
// is cut into several.
const maxLine = 64 << 10

// nameWidth is how wide a prefix is, so that the lines of all align.
const nameWidth = 8

// console writes whole lines, each with the name of whom it comes from, so that
// the output of several processes can be read.
type console struct {
	mu  sync.Mutex
	out io.Writer
}

// newConsole returns a console that writes to out.
func newConsole(out io.Writer) *console { return &console{out: out} }

// say writes a line, or several, of this program itself.
func (c *console) say(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		c.line("local", strings.TrimRight(line, "\n"))
	}
}

// block writes text as it is, without prefixes, for what is meant to be copied.
func (c *console) block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(c.out, text)
}

func (c *console) line(name, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(c.out, "%-*s | %s\n", nameWidth, name, text)
}

// copy writes what comes from r line by line under name, until r ends.
func (c *console) copy(name string, r io.Reader) {
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		text, _, err := lines.ReadLine()
		if err != nil {
			return
		}
		c.line(name, string(text))
	}
}
