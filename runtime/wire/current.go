package wire

import "encoding/json"

// Current is the "current" member of an [Error]. After [CodeVersionConflict] it is the
// version in force, a JSON number. In every other refusal it lists the ids of the
// caller's existing objects or groups, a JSON array of strings. The zero value is
// neither, and is absent from the JSON of an Error.
type Current struct {
	version uint64
	// ids is the JSON array, "" without ids, so that an Error can be compared.
	ids string
}

// CurrentVersion returns a Current with the version in force; version 0 gives the zero
// Current.
func CurrentVersion(version uint64) Current { return Current{version: version} }

// CurrentIDs returns a Current that lists ids in their order; without ids it is the zero
// Current.
func CurrentIDs(ids ...string) Current {
	if len(ids) == 0 {
		return Current{}
	}
	text, _ := json.Marshal(ids) // strings always have a JSON form
	return Current{ids: string(text)}
}

// Version returns the version in force, 0 when Current lists ids.
func (c Current) Version() uint64 { return c.version }

// IDs returns the listed ids; nil when there are none.
func (c Current) IDs() []string {
	if c.ids == "" {
		return nil
	}
	var ids []string
	_ = json.Unmarshal([]byte(c.ids), &ids) // CurrentIDs wrote it
	return ids
}

// IsZero reports whether Current is empty; encoding/json then omits it.
func (c Current) IsZero() bool { return c == Current{} }

// Equal reports whether both values are the same.
func (c Current) Equal(other Current) bool { return c == other }

// MarshalJSON writes the number, or the array. The zero Current is null.
func (c Current) MarshalJSON() ([]byte, error) {
	switch {
	case c.ids != "":
		return []byte(c.ids), nil
	case c.version > 0:
		return json.Marshal(c.version)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a number, an array of strings, or null.
func (c *Current) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		var ids []string
		if err := json.Unmarshal(data, &ids); err != nil {
			return err
		}
		*c = CurrentIDs(ids...)
		return nil
	}
	var version uint64
	if err := json.Unmarshal(data, &version); err != nil {
		return err
	}
	*c = CurrentVersion(version)
	return nil
}
