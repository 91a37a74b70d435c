// Package report formats measurements as Markdown tables.
package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/anteroom/anteroom/test/load/measure"
)

// Results has the values of each cell, and the reasons for missing values.
type Results struct {
	values map[cell][]float64
	missed map[cell]string
	atBest map[cell]bool
}

type cell struct{ metric, row string }

// New returns empty results.
func New() *Results {
	return &Results{values: map[cell][]float64{}, missed: map[cell]string{}, atBest: map[cell]bool{}}
}

// Add adds one run's value of a metric for a row.
func (r *Results) Add(metric, row string, value float64) {
	at := cell{metric, row}
	r.values[at] = append(r.values[at], value)
}

// Limited marks a metric that the row's server did not limit: the value is a lower bound
// of the server's capacity.
func (r *Results) Limited(metric, row string) { r.atBest[cell{metric, row}] = true }

// Miss records why a run has no value.
func (r *Results) Miss(metric, row, why string) { r.missed[cell{metric, row}] = why }

// Median returns the median over the runs; false when there is no value.
func (r *Results) Median(metric, row string) (float64, bool) {
	v := r.values[cell{metric, row}]
	return measure.Median(v), len(v) > 0
}

// Runs returns the number of runs in the median.
func (r *Results) Runs(metric, row string) int { return len(r.values[cell{metric, row}]) }

// Column is a metric under a heading.
type Column struct{ Metric, Heading string }

// Table selects results to show. Rows and columns without a value are left out.
type Table struct {
	Title, Note string
	Rows        []Row
	Columns     []Column
}

// Row is a row's key and its name.
type Row struct{ Key, Name string }

// Markdown renders the table, followed by the reasons for missing values; it is empty
// without values and reasons.
func (r *Results) Markdown(t Table) string {
	lines := [][]string{{""}}
	t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return !r.any(c.Metric, t.Rows) })
	for _, c := range t.Columns {
		lines[0] = append(lines[0], c.Heading)
	}
	var reasons []string
	for _, row := range t.Rows {
		line, some := []string{row.Name}, false
		for _, c := range t.Columns {
			text, why := r.show(c.Metric, row.Key)
			some = some || text != ""
			if why != "" {
				reason := fmt.Sprintf("Not measured for %s: %s", row.Name, why)
				if !slices.Contains(reasons, reason) {
					reasons = append(reasons, reason)
				}
			}
			line = append(line, text)
		}
		if some {
			lines = append(lines, line)
		}
	}
	if len(lines) == 1 && len(reasons) == 0 {
		return ""
	}
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "## %s\n\n", t.Title)
	}
	if t.Note != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Note)
	}
	writeLines(&b, lines)
	for _, reason := range reasons {
		fmt.Fprintf(&b, "\n%s.\n", strings.TrimRight(reason, ".\n"))
	}
	return b.String()
}

// any reports whether a metric has a value or a reason to show.
func (r *Results) any(metric string, rows []Row) bool {
	return slices.ContainsFunc(rows, func(row Row) bool {
		text, why := r.show(metric, row.Key)
		return text != "" || why != ""
	})
}

// show returns the text of a cell, or the reason for a missing value.
func (r *Results) show(metric, row string) (text, why string) {
	value, ok := r.Median(metric, row)
	if !ok {
		return "", r.missed[cell{metric, row}]
	}
	if r.atBest[cell{metric, row}] {
		return "≥ " + Number(value), ""
	}
	return Number(value), ""
}

func writeLines(b *strings.Builder, lines [][]string) {
	for i, line := range lines {
		fmt.Fprintf(b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(line)-1) + "|\n")
		}
	}
}

// Number writes three significant digits, and thousands with commas.
func Number(v float64) string {
	switch size := math.Abs(v); {
	case size == 0:
		return "0"
	case size < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case size < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		step := math.Pow(10, max(0, math.Floor(math.Log10(size))-2))
		return commas(strconv.FormatFloat(math.Round(v/step)*step, 'f', 0, 64))
	}
}

func commas(digits string) string {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Goal is a target ratio of two medians of a run: Metric for Row to Metric for Peer. Most
// is set when the ratio must not exceed the bound.
type Goal struct {
	Name, Metric, Row, Peer string
	// Cost is a metric for which less is better; its inverse ratio supports that of
	// Metric and is shown next to it.
	Cost  string
	Bound float64
	Most  bool
	// Against is the name of the peer. Without a Peer, the bound applies to the value
	// itself.
	Against string
}

// Goals renders the results of the measured goals.
func (r *Results) Goals(title string, goals []Goal) string {
	lines := [][]string{{"", "against", "goal", "measured", "", "by CPU time"}}
	for _, g := range goals {
		value, ok := r.ratio(g)
		if !ok {
			continue
		}
		sign, unit, met := "≥ ", " ×", value >= g.Bound
		if g.Most {
			sign, met = "≤ ", value <= g.Bound
		}
		if g.Peer == "" {
			unit = ""
		}
		verdict := "met"
		if !met {
			verdict = "missed"
		}
		lines = append(lines, []string{g.Name, g.Against, sign + bound(g.Bound) + unit, Number(value) + unit, verdict, r.byCost(g)})
	}
	if len(lines) == 1 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", title)
	writeLines(&b, lines)
	return b.String()
}

// byCost returns how much less of the cost the row has than the peer.
func (r *Results) byCost(g Goal) string {
	row, ok := r.Median(g.Cost, g.Row)
	peer, too := r.Median(g.Cost, g.Peer)
	if !ok || !too || row <= 0 {
		return ""
	}
	return Number(peer/row) + " ×"
}

// bound writes a goal's bound in full.
func bound(v float64) string {
	whole, fraction, has := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if has {
		return commas(whole) + "." + fraction
	}
	return commas(whole)
}

func (r *Results) ratio(g Goal) (float64, bool) {
	value, ok := r.Median(g.Metric, g.Row)
	if !ok || g.Peer == "" {
		return value, ok
	}
	peer, ok := r.Median(g.Metric, g.Peer)
	if !ok || peer <= 0 {
		return 0, false
	}
	return value / peer, true
}
