package stream

import "context"

type withinKey struct{}

// Within bounds the records that CatchUp reads under this context to most bytes; the first
// record is always included. A truncated Catchup has More set.
func Within(ctx context.Context, most int) context.Context {
	return context.WithValue(ctx, withinKey{}, most)
}

// Most returns the bound that Within set; 0 means none.
func Most(ctx context.Context) int {
	most, _ := ctx.Value(withinKey{}).(int)
	return most
}

// Cut truncates a Catchup to records of at most most bytes; it always keeps the first
// record.
func (c *Catchup) Cut(most int) {
	size := 0
	for i, r := range c.Records {
		if size += r.Size(); size > most && i > 0 {
			c.Records, c.More = c.Records[:i:i], true
			return
		}
	}
}

// Size is the approximate size of a record in an answer, in bytes.
func (r Record) Size() int { return len(r.Data) + len(r.Name) + recordRoom }

// recordRoom is the approximate size of a record without its name and data, mostly its
// meta.
const recordRoom = 160
