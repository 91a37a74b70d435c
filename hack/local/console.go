package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
)

// maxLine bounds a printed line of a child's output; a longer line is split.
const maxLine = 64 << 10

// nameWidth is the width of a prefix, which aligns the lines of all processes.
const nameWidth = 8

// console writes whole lines, each with the name of its process, so that the output of
// several processes stays readable.
type console struct {
	mu  sync.Mutex
	out io.Writer
}

// newConsole returns a console that writes to out.
func newConsole(out io.Writer) *console { return &console{out: out} }

// say writes lines of this program itself.
func (c *console) say(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		c.line("local", strings.TrimRight(line, "\n"))
	}
}

// block writes text without prefixes, for text to be copied.
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

// copy writes the lines of r under name, until r ends.
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
