package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// suggest returns the known field closest to an unknown field.
func (k *kindSchema) suggest(path string) string {
	at := k.structural
	all := segments(path)
	for _, segment := range all[:len(all)-1] {
		if next, ok := at.Properties[segment]; ok {
			at = &next
		} else if at.Items != nil {
			at = at.Items
		} else {
			return ""
		}
	}
	return closest(all[len(all)-1], slices.Sorted(maps.Keys(at.Properties)))
}

// maxDistance is the largest edit distance of a suggestion.
const maxDistance = 2

// closest returns a sentence with the closest name, or nothing when all names differ too much.
func closest(written string, names []string) string {
	best, distance := "", maxDistance+1
	for _, name := range names {
		if d := editDistance(strings.ToLower(written), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// editDistance is the number of letters to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
