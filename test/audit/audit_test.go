//go:build faults

package audit

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/fleet"
)

var (
	seeds  = flag.String("seeds", "12,13,22,23", "seeds to run, with commas between")
	lasts  = flag.Duration("for", 0, "run random seeds for this long in place of -seeds")
	traces = flag.String("traces", "", "directory for the traces of failed seeds; empty: a temporary one")
	race   = flag.Bool("race-servers", false, "build the servers with the race detector")
)

func TestMain(m *testing.M) {
	code := m.Run()
	fleet.Cleanup()
	os.Exit(code)
}

// TestAudit runs the seeds of the flags, and prints the failed seeds at its end.
func TestAudit(t *testing.T) {
	var failed []string
	one := func(seed int64) {
		if !t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { audit(t, seed) }) {
			failed = append(failed, fmt.Sprint(seed))
		}
	}
	if *lasts > 0 {
		for end := time.Now().Add(*lasts); time.Now().Before(end); {
			one(rand.Int64N(1_000_000_000))
		}
	} else {
		for _, text := range strings.Split(*seeds, ",") {
			seed, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			one(seed)
		}
	}
	if len(failed) > 0 {
		t.Logf("failed seeds: SEED=%s", strings.Join(failed, ","))
	}
}

// shownRecords bounds the printed records of a violation.
const shownRecords = 3

func audit(t *testing.T, seed int64) {
	dir := *traces
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "anteroom-audit-"); err != nil { // a failed test keeps the folder
			t.Fatal(err)
		}
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	report := Run(t, seed, Options{Dir: dir, Race: *race})
	t.Log(report)
	for _, v := range report.Violations {
		var b strings.Builder
		fmt.Fprintf(&b, "%v", v)
		for _, n := range v.Records[:min(len(v.Records), shownRecords)] {
			fmt.Fprintf(&b, "\n    %v", report.Records[n])
		}
		t.Error(b.String())
	}
	if t.Failed() {
		t.Logf("the plan again: make faults SEED=%d; the whole trace: %s", seed, report.TraceFile)
		return
	}
	_ = os.Remove(report.TraceFile)
}
