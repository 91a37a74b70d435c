// Package search finds public lobbies in an [Index] by their fields.
//
// The index keeps each field of a lobby as a key that sorts as the field's values do. A filter
// becomes spans of keys, and a plan chooses the field with the fewest candidates or the order
// that the client asked for.
package search
