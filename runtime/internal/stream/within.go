package stream

import "context"

type withinKey struct{}

// Within bounds what CatchUp reads with the context: records of at most so many bytes, the
// first of them in any case. A Catchup that is cut so says More.
func Within(ctx context.Context, most int) context.Context {
	return context.WithValue(ctx, withinKey{}, most)
}

// Most is the bound that Within set; 0 is none.
func Most(ctx context.Context) int {
	most, _ := ctx.Value(withinKey{}).(int)
	return most
}

// Cut shortens a Catchup to records of at most so many bytes, the first in any case.
func (c *Catchup) Cut(most int) {
	size := 0
	for i, r := range c.Records {
		if size += r.Size(); size > most && i > 0 {
			c.Records, c.More = c.Records[:i:i], true
			return
		}
	}
}

// Size is how many bytes a record takes in an answer, about.
func (r Record) Size() int { return len(r.Data) + len(r.Name) + recordRoom }

// recordRoom is about what a record takes beside its name and data: its meta, for one.
const recordRoom = 160
