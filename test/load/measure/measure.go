// Package measure keeps what a load generator measures.
package measure

import (
	"math/bits"
	"slices"
	"time"
)

// Each power of two has subBuckets buckets, so that a quantile is at most 1/64
// (1.6 %) above what was recorded.
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

// Record counts one duration; a negative one counts as zero.
func (h *Histogram) Record(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.total++
}

// Count is how many were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Reset empties the histogram.
func (h *Histogram) Reset() { *h = Histogram{} }

// Quantile is the least duration that the part q (0 to 1) of what was recorded
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

// bucket is linear below subBuckets and logarithmic above.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return (shift+1)*subBuckets + int(v>>shift) - subBuckets
}

// upper is the largest value in a bucket.
func upper(i int) uint64 {
	if i < subBuckets {
		return uint64(i)
	}
	shift := i/subBuckets - 1
	return uint64(i%subBuckets+subBuckets+1)<<shift - 1
}

// Median of values; of an even number the mean of the two in the middle. Zero
// when there are none.
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

// Audit proves that each of a room's messages came to a member once. It takes
// constant space: a sum over all messages, scrambled so that a message too few
// and another too many do not cancel out.
type Audit struct {
	count uint64
	sum   uint64
}

// Add counts message n.
func (a *Audit) Add(n uint64) {
	a.count++
	a.sum += scramble(n + 1)
}

// Count is how many were added.
func (a *Audit) Count() uint64 { return a.count }

// Same tells whether both saw the same messages, each as often.
func (a *Audit) Same(b Audit) bool { return *a == b }

// scramble is the finalizer of splitmix64, a bijection.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
