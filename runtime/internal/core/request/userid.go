package request

import "strings"

// maxID is how many bytes a user's id may have.
const maxID = 128

// IDRule says in words what [ValidID] demands.
const IDRule = "must be a user's id: 1 to 128 printable ASCII characters without spaces and braces, and not __proto__"

// ValidID reports whether a text can be a user's id. An id is part of a stream's name and a
// key of the objects that clients keep, so that JavaScript's "__proto__" is none.
func ValidID(id string) bool {
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }
	return id != "" && id != "__proto__" && len(id) <= maxID && !strings.ContainsFunc(id, bad)
}
