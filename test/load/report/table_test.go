package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func results() *Results {
	r := New()
	for _, v := range []float64{120_000, 123_456, 130_000} {
		r.Add("dps", "ours", v)
	}
	r.Add("dps", "node", 40_000)
	r.Add("p99", "ours", 2.345)
	r.Add("p99", "node", 31.26)
	r.Add("cpu", "ours", 2)
	r.Add("cpu", "node", 9)
	r.Limited("dps", "ours")
	r.Miss("rss", "ours", "it was killed.")
	return r
}

func TestMarkdown(t *testing.T) {
	got := results().Markdown(Table{
		Title: "Broadcast", Note: "What it is.",
		Rows:    []Row{{"ours", "Anteroom"}, {"node", "Node"}, {"other", "Other"}},
		Columns: []Column{{"dps", "per s"}, {"p99", "p99 ms"}, {"rss", "KB"}, {"none", "nothing"}},
	})
	want := `## Broadcast

What it is.

|  | per s | p99 ms | KB |
|---|---:|---:|---:|
| Anteroom | ≥ 123,000 | 2.35 |  |
| Node | 40,000 | 31.3 |  |

Not measured for Anteroom: it was killed.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := New().Markdown(Table{Title: "Empty", Rows: []Row{{"ours", "Anteroom"}}, Columns: []Column{{"dps", "per s"}}}); got != "" {
		t.Errorf("without results: got %q, want no table", got)
	}
}

func TestGoals(t *testing.T) {
	got := results().Goals("Goals", []Goal{
		{Name: "throughput", Metric: "dps", Row: "ours", Peer: "node", Against: "Node", Bound: 3, Cost: "cpu"},
		{Name: "latency", Metric: "p99", Row: "ours", Peer: "node", Against: "Node", Bound: 0.05, Most: true},
		{Name: "in all", Metric: "dps", Row: "node", Bound: 15_000},
		{Name: "unknown", Metric: "dps", Row: "ours", Peer: "nobody", Bound: 1},
	})
	want := `## Goals

|  | against | goal | measured |  | by CPU time |
|---|---:|---:|---:|---:|---:|
| throughput | Node | ≥ 3 × | 3.09 × | met | 4.50 × |
| latency | Node | ≤ 0.05 × | 0.08 × | missed |  |
| in all |  | ≥ 15,000 | 40,000 | met |  |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.034: "0.03", 9.999: "10.00", 45.67: "45.7", 100: "100", 999.6: "1,000", 123_456: "123,000", 1_234_567: "1,230,000", -4321: "-4,320",
	} {
		if got := Number(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
