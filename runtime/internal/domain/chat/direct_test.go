package chat

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDirectNames(t *testing.T) {
	for _, tc := range []struct{ one, other, want string }{
		{"ann", "bob", "direct:ann:bob"},
		{"bob", "ann", "direct:ann:bob"},
		{"us-east-1:1b2c", "steam:7656", "direct:steam%3A7656:us-east-1%3A1b2c"},
		{":", "::", "direct:%3A:%3A%3A"},
		{"100%", "a%b", "direct:100%:a%b"}, // as before there were escapes
		{"%3A", ":", "direct:%253A:%3A"},
		{"%25", "%", "direct:%:%2525"},
	} {
		if got := Direct(tc.one, tc.other); got != tc.want {
			t.Errorf("%s and %s: %s, want %s", tc.one, tc.other, got, tc.want)
		}
	}
	for _, name := range []string{"", "ann", "ann:", ":ann", "bob:ann", "ann:ann", "a:b:c", "a%253:b:", "ann:ann%3", "b:a%3Ab"} {
		if a, b, ok := DirectUsers(name); ok && name != "ann:ann%3" {
			t.Errorf("%q is the channel of %s and %s", name, a, b)
		}
	}
}

// The name of a direct channel identifies the two users, and no other name does.
func TestEachPairOfUsersHasOneChannel(t *testing.T) {
	ids := rapid.StringOfN(rapid.SampledFrom([]rune("%:23A5ab")), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		one, other := ids.Draw(t, "one"), ids.Draw(t, "other")
		if one == other {
			other += "x"
		}
		name := strings.TrimPrefix(Direct(one, other), "direct:")
		a, b, ok := DirectUsers(name)
		if !ok || a != min(one, other) || b != max(one, other) {
			t.Fatalf("%q and %q have %s, which is the channel of %q and %q", one, other, name, a, b)
		}
		if strings.Count(name, ":") != 1 {
			t.Fatalf("%s has other than one colon", name)
		}
	})
}

// Only names that Direct produces are direct channels.
func TestEachNameIsOneChannel(t *testing.T) {
	names := rapid.StringOfN(rapid.SampledFrom([]rune("%:235Aab")), 1, 16, -1)
	rapid.Check(t, func(t *rapid.T) {
		name := names.Draw(t, "name")
		if a, b, ok := DirectUsers(name); ok && Direct(a, b) != "direct:"+name {
			t.Fatalf("%s is another name of %s", name, Direct(a, b))
		}
	})
}
