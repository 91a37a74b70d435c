package desired

import (
	"cmp"
	"slices"
)

// Candidate is a pod that may be taken away.
type Candidate struct {
	Name string
	// Leaving reports that an earlier reconcile picked the pod.
	Leaving bool
	// Serves reports that the pod is ready or answers, so that it may have clients.
	Serves      bool
	Connections int
}

// Leaving picks the n pods that go when there are too many: those that were picked
// before, so that no more are drained than must be, then those that serve nobody, then
// those with the fewest connections. All go when there are no more than n.
func Leaving(pods []Candidate, n int) map[string]bool {
	order := slices.Clone(pods)
	slices.SortFunc(order, func(a, b Candidate) int {
		return cmp.Or(
			-compareBool(a.Leaving, b.Leaving), compareBool(a.Serves, b.Serves),
			cmp.Compare(a.Connections, b.Connections), cmp.Compare(a.Name, b.Name))
	})
	picked := map[string]bool{}
	for _, p := range order[:min(max(n, 0), len(order))] {
		picked[p.Name] = true
	}
	return picked
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
