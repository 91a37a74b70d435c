package engineio

import (
	"net/http"
	"net/url"
	"strings"
)

// Bounds of a query string; a longer one is a bad request.
const (
	maxQuery      = 2048
	maxParameters = 32
	maxID         = 36
)

// query holds the parameters that the engine itself looks at.
type query struct {
	version, transport, sid string
}

// parseQuery reads a raw query. Each parameter may be given once, so that all who
// read a request read the same; JSONP (j) is not served.
func parseQuery(raw string) (query, error) {
	var q query
	if len(raw) > maxQuery {
		return q, errQueryLong
	}
	seen := make(map[*string]bool, 3)
	for n := 0; raw != ""; n++ {
		if n == maxParameters {
			return q, errQueryLong
		}
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		target := q.field(name)
		if target == nil {
			if name == "j" {
				return q, errQueryJSONP
			}
			continue
		}
		if seen[target] {
			return q, errQueryTwice
		}
		seen[target] = true
		decoded, err := url.QueryUnescape(value)
		if err != nil {
			return q, errQueryEscape
		}
		*target = decoded
	}
	return q, nil
}

func (q *query) field(name string) *string {
	switch name {
	case "EIO":
		return &q.version
	case "transport":
		return &q.transport
	case "sid":
		return &q.sid
	default:
		return nil
	}
}

// SessionID gives the session that a request names, as the engine would read it; ""
// if it names none, or is malformed.
func SessionID(r *http.Request) string {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil || !validID(q.sid) {
		return ""
	}
	return q.sid
}

// validID reports whether a session id is of the alphabet A-Za-z0-9-_ and of 1 to 36 characters.
func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
