// Package measure stores the measurements of a load generator.
package measure

import (
	"math/bits"
	"slices"
	"time"
)

// Each power of two has subBuckets buckets, so that a quantile is at most 1/64 (1.6 %)
// above the recorded value.
const (
	subBits    = 6
	subBuckets = 1 << subBits
	buckets    = (64 - subBits) * subBuckets
)

// Histogram counts durations. The zero Histogram is empty.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
}

// Record counts a duration; a negative duration counts as zero.
func (h *Histogram) Record(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.total++
}

// Count returns the number of recorded durations.
func (h *Histogram) Count() uint64 { return h.total }

// Reset empties the histogram.
func (h *Histogram) Reset() { *h = Histogram{} }

// Quantile returns the least duration that the part q (0 to 1) of the recorded durations
// does not exceed, rounded up to the end of its bucket; zero when empty.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := min(uint64(q*float64(h.total))+1, h.total)
	for i, n := range h.counts {
		if n >= rank {
			return time.Duration(upper(i))
		}
		rank -= n
	}
	return 0 // not reached: the ranks add up to total
}

// bucket returns the bucket of a value: linear below subBuckets and logarithmic above.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return (shift+1)*subBuckets + int(v>>shift) - subBuckets
}

// upper returns the largest value in a bucket.
func upper(i int) uint64 {
	if i < subBuckets {
		return uint64(i)
	}
	shift := i/subBuckets - 1
	return uint64(i%subBuckets+subBuckets+1)<<shift - 1
}

// Median returns the median of values; for an even number, the mean of the middle two. It
// returns zero without values.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// Audit verifies that each of a room's messages reached a member once. It takes constant
// space: a sum over all messages, scrambled so that a missing message and a duplicate do
// not cancel out.
type Audit struct {
	count uint64
	sum   uint64
}

// Add counts message n.
func (a *Audit) Add(n uint64) {
	a.count++
	a.sum += scramble(n + 1)
}

// Count returns the number of added messages.
func (a *Audit) Count() uint64 { return a.count }

// Same reports whether both received the same messages, each the same number of times.
func (a *Audit) Same(b Audit) bool { return *a == b }

// scramble is the finalizer of splitmix64, a bijection.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
