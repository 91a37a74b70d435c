package chat

import (
	"strings"
)

// DirectKind is the kind of the channels of two users: "direct:{a}:{b}".
const DirectKind = "direct"

// Ids of users may hold colons, as those of Cognito and of Steam do. In the name of a
// channel each colon of an id is therefore written as %3A, and a percent sign as %25 where it
// would be read as the beginning of one of the two. All other ids are written as they are,
// so that each pair of users has exactly one channel.
var (
	escape   = strings.NewReplacer("%3A", "%253A", "%25", "%2525", ":", "%3A")
	unescape = strings.NewReplacer("%3A", ":", "%25", "%")
)

// Direct is the channel of two users, in whatever order they are given. The ids stand in
// the order of their bytes before they are escaped.
func Direct(one, other string) string {
	return DirectKind + ":" + escape.Replace(min(one, other)) + ":" + escape.Replace(max(one, other))
}

// DirectUsers gives the users of a direct channel, of which name is the part after the kind;
// false for a name that is not exactly as Direct writes it, or of one user alone.
func DirectUsers(name string) (first, second string, ok bool) {
	a, b, _ := strings.Cut(name, ":")
	first, second = unescape.Replace(a), unescape.Replace(b)
	return first, second, first != "" && first < second && Direct(first, second) == DirectKind+":"+name
}
