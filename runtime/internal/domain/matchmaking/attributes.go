package matchmaking

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// maxText bounds a text, and each member of a set, in bytes; maxSet bounds a set.
	maxText = 128
	maxSet  = 64
	// disconnectGrace is how long a ticket keeps a player without a session.
	disconnectGrace = 30 * time.Second
)

// Entrant is a player with the values of its attributes.
type Entrant struct {
	Player
	Attributes map[string]any
	// Claims are trusted values, from the player's token or a back end.
	Claims map[string]any
}

// value returns an entrant's value of an attribute, from the attributes or the claims.
func (e Entrant) value(a Attribute) (raw any, given bool) {
	from := e.Attributes
	if a.FromToken {
		from = e.Claims
	}
	raw, given = from[a.Name]
	return raw, given
}

// mergeAttribute merges the players' values of one attribute.
func (t *Ticket) mergeAttribute(a Attribute, party []Entrant) error {
	field := "attributes." + a.Name
	for i, e := range party {
		raw, given := e.value(a)
		if !given {
			if a.Default == nil {
				return wire.Invalid(field, a.missingFault())
			}
			raw = a.defaultValue()
		}
		v, fault := a.parse(raw)
		if fault != "" {
			return wire.Invalid(field, fault)
		}
		if fault := t.mergeValue(a.Name, v, i); fault != "" {
			return wire.Invalid(field, fault)
		}
	}
	return nil
}

func (a Attribute) missingFault() string {
	if a.FromToken {
		return "this queue needs it in the token, as the claim " + a.Name
	}
	return "this queue needs it"
}

// mergeValue adds the value of the i-th player.
func (t *Ticket) mergeValue(name string, v any, i int) string {
	switch v := v.(type) {
	case float64:
		t.Numbers[name] += (v - t.Numbers[name]) / float64(i+1)
	case string:
		if i > 0 && t.Texts[name] != v {
			return "must be the same for the whole party"
		}
		t.Texts[name] = v
	case []string:
		if i > 0 {
			v = slices.DeleteFunc(slices.Clone(t.Sets[name]), func(m string) bool { return !slices.Contains(v, m) })
		}
		t.Sets[name] = v
	}
	return ""
}

// defaultValue returns the default in the form that a client would send.
func (a Attribute) defaultValue() any {
	switch a.Type {
	case Number:
		n, _ := strconv.ParseFloat(*a.Default, 64) // validated by the API server
		return n
	case Boolean:
		return *a.Default == "true"
	case StringSet:
		var set []any
		for _, m := range strings.Split(*a.Default, ",") {
			if m = strings.TrimSpace(m); m != "" {
				set = append(set, m)
			}
		}
		return set
	}
	return *a.Default
}

// parse converts a value to the form that tickets store: a number, a text (also for
// booleans) or a set.
func (a Attribute) parse(raw any) (value any, fault string) {
	switch v := raw.(type) {
	case float64:
		if a.Type == Number && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, ""
		}
	case string:
		if a.Type == Text && len(v) <= maxText && utf8.ValidString(v) {
			return v, ""
		}
	case bool:
		if a.Type == Boolean {
			return strconv.FormatBool(v), ""
		}
	case []any:
		if a.Type == StringSet {
			return parseSet(v)
		}
	}
	return nil, map[AttributeType]string{
		Number: "must be a finite number", Text: fmt.Sprintf("must be a string of at most %d bytes", maxText),
		Boolean: "must be true or false", StringSet: "must be a list of strings",
	}[a.Type]
}

func parseSet(raw []any) (any, string) {
	set := []string{}
	for _, m := range raw {
		s, ok := m.(string)
		if !ok || len(s) > maxText || !utf8.ValidString(s) || len(raw) > maxSet {
			return nil, fmt.Sprintf("must be a list of at most %d strings of at most %d bytes", maxSet, maxText)
		}
		set = append(set, s)
	}
	slices.Sort(set)
	return slices.Compact(set), ""
}

// setLatencies stores the latencies to the queue's regions; a queue with regions needs at least
// one.
func (t *Ticket) setLatencies(q Queue, latencies map[string]float64) error {
	if len(q.Match.Regions) == 0 {
		return nil
	}
	t.Latencies = map[string]float64{}
	for _, r := range q.Match.Regions {
		if v, given := latencies[r.Name]; given {
			t.Latencies[r.Name] = v
		}
	}
	if len(t.Latencies) == 0 {
		return wire.Invalid("latencies", "this queue needs the latency to one of its regions at least")
	}
	return nil
}

// fits reports whether the profile has all values that the queue needs.
func (p Profile) fits(q Queue) bool {
	for _, a := range q.Attributes {
		if !p.hasAttribute(a) {
			return false
		}
	}
	return len(q.Match.Regions) == 0 || slices.ContainsFunc(q.Match.Regions, func(r matching.Region) bool {
		_, known := p.Latencies[r.Name]
		return known
	})
}

func (p Profile) hasAttribute(a Attribute) bool {
	var is bool
	switch a.Type {
	case Number:
		_, is = p.Numbers[a.Name]
	case StringSet:
		_, is = p.Sets[a.Name]
	default:
		_, is = p.Texts[a.Name]
	}
	return is
}

func (p Profile) clone() Profile {
	sets := map[string][]string{}
	for name, set := range p.Sets {
		sets[name] = slices.Clone(set)
	}
	return Profile{Numbers: maps.Clone(p.Numbers), Texts: maps.Clone(p.Texts), Sets: sets, Latencies: maps.Clone(p.Latencies)}
}
