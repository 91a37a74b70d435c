package chat

import (
	"strings"
)

// DirectKind is the kind of the channels of two users: "direct:{a}:{b}".
const DirectKind = "direct"

// A user id may contain colons, as those of Cognito and Steam do. The name of a channel
// therefore has %3A for each colon of an id, and %25 for a percent sign before 3A or 25. All
// other ids are unchanged, so each pair of users has exactly one channel.
var (
	escape   = strings.NewReplacer("%3A", "%253A", "%25", "%2525", ":", "%3A")
	unescape = strings.NewReplacer("%3A", ":", "%25", "%")
)

// Direct returns the channel of two users, in any order. The ids are sorted by their bytes
// before they are escaped.
func Direct(one, other string) string {
	return DirectKind + ":" + escape.Replace(min(one, other)) + ":" + escape.Replace(max(one, other))
}

// DirectUsers returns the users of a direct channel; name is the part after the kind. It
// returns false for a name that Direct does not produce, or with a single user.
func DirectUsers(name string) (first, second string, ok bool) {
	a, b, _ := strings.Cut(name, ":")
	first, second = unescape.Replace(a), unescape.Replace(b)
	return first, second, first != "" && first < second && Direct(first, second) == DirectKind+":"+name
}
