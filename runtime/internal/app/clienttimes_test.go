package app

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// clientTimes are the times and durations that a client may send, and why a wrong clock
// does no harm there. Those of a token are in package auth's timeClaims.
var clientTimes = map[string]string{
	"chat:mute.forMs": "a duration of the server's clock, at most 7 days",
	"sync:ping.at":    "echoed and not read",
}

var timeName = regexp.MustCompile(`^(?i:at|ts|since|until|time)$|(At|Ms|Until|Since|Time|Seconds)$`)

// A new time in a request has to be added here, with the reason why it may be believed.
func TestTimesThatClientsSend(t *testing.T) {
	schema := readContract(t)
	var found []string
	var walk func(path string, d definition, depth int)
	walk = func(path string, d definition, depth int) {
		if d.Ref != "" {
			d = schema.Defs[strings.TrimPrefix(d.Ref, "#/$defs/")]
		}
		if depth > 8 {
			t.Fatalf("%s: the schema is too deep", path)
		}
		for name, field := range d.Properties {
			at := path + "." + name
			if field.Type != "string" && timeName.MatchString(name) {
				found = append(found, at)
			}
			walk(at, field, depth+1)
		}
		if d.Items != nil {
			walk(path+"[]", *d.Items, depth+1)
		}
		for _, one := range d.AnyOf {
			walk(path, one, depth+1)
		}
	}
	for _, event := range append(schema.events(), "connect") {
		d := schema.request(event)
		if event == "connect" {
			d = schema.Defs["ConnectAuth"]
		}
		if event == "connect" && d.Properties == nil {
			t.Fatal("the schema has no ConnectAuth")
		}
		walk(event, d, 0)
	}
	slices.Sort(found)
	if want := slices.Sorted(maps.Keys(clientTimes)); !slices.Equal(found, want) {
		t.Errorf("times that clients send: %q, want %q", found, want)
	}
}
