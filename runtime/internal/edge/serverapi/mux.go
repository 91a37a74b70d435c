package serverapi

import (
	"net/http"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

// handle registers a route. A path that ends in a verb after a colon, as in
// /v1/users/{id}:revoke, cannot be a pattern of http.ServeMux; such paths share a pattern, and
// the verb selects the route.
func (s *Server) handle(r route) {
	s.routes = append(s.routes, r)
	pattern, verb := muxPattern(r.path)
	if verb == "" {
		s.mux.HandleFunc(r.method+" "+pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(r, w, req) })
		return
	}
	if s.verbs == nil {
		s.verbs = map[string]map[string]route{}
	}
	key := r.method + " " + pattern
	if s.verbs[key] == nil {
		s.verbs[key] = map[string]route{}
		s.mux.HandleFunc(key, func(w http.ResponseWriter, req *http.Request) { s.byVerb(s.verbs[key], w, req) })
	}
	s.verbs[key][verb] = r
}

// muxPattern takes the verb off a path whose last wildcard has one.
func muxPattern(path string) (pattern, verb string) {
	if pattern, verb, found := strings.Cut(path, "}:"); found {
		return pattern + "}", verb
	}
	return path, ""
}

// byVerb finds the route by the verb after the last colon, and leaves the id before it.
func (s *Server) byVerb(routes map[string]route, w http.ResponseWriter, req *http.Request) {
	value := req.PathValue("id")
	if at := strings.LastIndexByte(value, ':'); at >= 0 {
		if r, known := routes[value[at+1:]]; known {
			req.SetPathValue("id", value[:at])
			s.serve(r, w, req)
			return
		}
	}
	s.unknown(w, req)
}

// unknown answers requests that there are not.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	err := s.authorize(r)
	if err == nil {
		err = wire.Refuse(wire.CodeNotFound, "there is no such request; see /openapi.json")
	}
	s.metrics.request("unknown", s.refuse(w, route{path: "unknown"}, err), 0)
}
