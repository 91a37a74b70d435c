package search

import (
	"context"
	"slices"
)

// Find returns the lobbies of a page and the cursor of the next page. It reads all candidates
// of the most selective filter or, when there are too many, walks in the requested order.
func Find(ctx context.Context, index Index, q Query) ([]Mark, string, error) {
	plan, err := makePlan(ctx, index, q)
	if err != nil {
		return nil, "", err
	}
	if !plan.readAll {
		return findInOrder(ctx, index, q, plan)
	}
	var found []Mark
	for _, span := range q.fields[plan.fields[0]] {
		w := Walk{Span: span, Where: q.conditions(plan.fields[1:]), By: q.sort, Read: stepSize, Limit: stepSize}
		for over := false; !over; {
			walked, err := index.Walk(ctx, q.LobbyType, w)
			if err != nil {
				return nil, "", err
			}
			for _, at := range walked.Found {
				if q.after.ID == "" || q.order(at, q.after) > 0 {
					found = append(found, at)
				}
			}
			over, w.Mark = walked.Over || walked.Read == 0, walked.End
		}
	}
	slices.SortFunc(found, q.order)
	if len(found) <= q.limit {
		return found, "", nil
	}
	found = found[:q.limit]
	return found, q.cursor(found[q.limit-1]), nil
}

func findInOrder(ctx context.Context, index Index, q Query, p plan) ([]Mark, string, error) {
	spans, filtered := q.fields[q.sort]
	if !filtered {
		spans = []Span{{Field: q.sort, To: lastKey}}
	}
	if q.descending {
		spans = slices.Clone(spans)
		slices.Reverse(spans)
	}
	w := Walk{
		Descending: q.descending, Mark: q.after, By: q.sort,
		Where: q.conditions(slices.DeleteFunc(p.fields, func(field string) bool { return field == q.sort })),
	}
	var found []Mark
	read := 0
	for _, span := range spans {
		if w.Mark.ID != "" && q.passed(span, w.Mark) {
			continue
		}
		w.Span = span
		for over := false; !over; {
			w.Read, w.Limit = min(stepSize, readBudget-read), q.limit-len(found)
			walked, err := index.Walk(ctx, q.LobbyType, w)
			if err != nil {
				return nil, "", err
			}
			found = append(found, walked.Found...)
			if walked.Read > 0 {
				w.Mark = walked.End
			}
			read, over = read+walked.Read, walked.Over || walked.Read == 0
			if len(found) == q.limit || read >= readBudget {
				return found, q.cursor(w.Mark), nil
			}
		}
	}
	return found, "", nil
}

// passed reports whether a walk has passed a span.
func (q Query) passed(span Span, at Mark) bool {
	if q.descending {
		return at.Key < span.From
	}
	return at.Key > span.To
}
