//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/anteroom/anteroom/test/load/report"
)

// The markers of the main table.
const (
	readmeBegin = "<!-- bench: written by make bench-load -->"
	readmeEnd   = "<!-- /bench -->"
)

// writeReadme writes the main table into a document.
func (b *bench) writeReadme(path string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the document for the main table: %w", err)
	}
	text, err := report.Section(string(document), readmeBegin, readmeEnd, b.mainTable())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// mainTable returns the most important table.
func (b *bench) mainTable() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Each server on one core, %s, %s, %d rounds in turns.\n", time.Now().UTC().Format("2 January 2006"), processor(), b.times.rounds)
	if noise := b.noise(); noise >= loud {
		fmt.Fprintf(&text, "Other programs took %.0f %% of a core meanwhile, so rates and latencies are rough.\n", noise)
	}
	for _, t := range []report.Table{
		{
			Note: "Broadcast in rooms of 100, w pending messages of a room. The last two rows do the whole work of " +
				"`chat:send` for each message, through Redis; the other rows only forward it.",
			Rows: rows(gws, centri, node, engine, nodeLobby, anteroom),
			Columns: columns("r100w4.dps", "deliveries/s, w=4", "r100w16.dps", "w=16", "fixed.p50", "p50 ms at 20,000/s", "fixed.p99", "p99 ms",
				"idle10k.rss", "KB per idle client", "idle2k.cpu", "CPU ms per connect"),
		},
		{
			Note: "Two processes that share a core, over Redis.",
			Rows: rows(node2, streams2, nodeLobby2, anteroom2), Columns: columns("pair.dps", "deliveries/s, w=4", "pair.cpu", "CPU s per million",
				"pairfixed.p50", "p50 ms at 20,000/s", "pairfixed.p99", "p99 ms"),
		},
	} {
		text.WriteString("\n" + b.results.Markdown(t))
	}
	return text.String()
}

// loud is the share of a core, in percent, from which the document mentions other
// programs.
const loud = 5

// noise returns the share of a core, in percent, that other programs used during the
// measurement.
func (b *bench) noise() float64 {
	if b.measured == 0 {
		return 0
	}
	return b.disturbed.Seconds() / b.measured.Seconds() * 100
}
