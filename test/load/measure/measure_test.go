package measure

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsAreDenseAndNarrow(t *testing.T) {
	last := -1
	for v := uint64(0); v < 1<<20; v++ {
		i := bucket(v)
		if i != last && i != last+1 {
			t.Fatalf("%d: got bucket %d after bucket %d", v, i, last)
		}
		if up := upper(i); up < v || up-v > v/subBuckets {
			t.Fatalf("%d: got bucket %d, which ends at %d", v, i, up)
		}
		last = i
	}
	if i := bucket(1<<63 - 1); i >= buckets {
		t.Fatalf("longest duration: got bucket %d of %d", i, buckets)
	}
}

func TestQuantile(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("got a median of an empty histogram, want zero")
	}
	random := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(random.ExpFloat64() * float64(time.Millisecond))
		all = append(all, d)
		h.Record(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := h.Quantile(q); got < want || got > want+want/subBuckets+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	h.Record(-time.Second)
	if h.Count() != 10_001 || h.Quantile(0) != 0 {
		t.Error("got another value for a negative duration, want zero")
	}
	if h.Reset(); h.Count() != 0 || h.Quantile(1) != 0 {
		t.Error("got values after Reset, want none")
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestAudit(t *testing.T) {
	of := func(ns ...uint64) Audit {
		var a Audit
		for _, n := range ns {
			a.Add(n)
		}
		return a
	}
	all := of(0, 1, 2, 3)
	if shuffled := of(3, 1, 0, 2); !all.Same(shuffled) {
		t.Error("got different audits for different orders, want the same")
	}
	for name, other := range map[string]Audit{
		"one lost": of(0, 1, 2), "one twice": of(0, 1, 2, 3, 3), "one lost and one twice": of(0, 1, 3, 3),
		"the sum of the numbers is the same": of(0, 0, 3, 3),
	} {
		if all.Same(other) {
			t.Errorf("%s: got the same audit, want a different one", name)
		}
	}
}
