package desired

import (
	"cmp"
	"slices"
)

// Candidate is a pod that a scale-down may delete.
type Candidate struct {
	Name string
	// Leaving reports that an earlier reconcile picked the pod.
	Leaving bool
	// Serves reports that the pod is ready or reports, so that it may have clients.
	Serves      bool
	Connections int
}

// Leaving picks n surplus pods: first the pods of earlier picks, so that no further pod drains
// needlessly, then pods that serve nobody, then the pods with the fewest connections. It picks all
// pods when n is their number or more.
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

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
