package session

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Router finds the handler of an event. It is filled before the first session
// and does not change after that.
type Router struct {
	routes map[string]route
	off    map[string]string
	schema *schema.Schema
}

// route is how one event is read and carried out.
type route struct {
	decode func(args []json.RawMessage) (any, error)
	run    func(ctx context.Context, s *Session, c request.Call, req any) (request.Reply, error)
}

// NewRouter makes an empty router.
func NewRouter() *Router {
	return &Router{routes: map[string]route{}, off: map[string]string{}, schema: schema.New()}
}

// Handle registers a domain's handler for an event. Registering an event twice
// is a mistake of the program and panics.
func Handle[Req any](r *Router, event string, h request.Handler[Req]) {
	handle(r, event, func(ctx context.Context, _ *Session, c request.Call, req *Req) (request.Reply, error) {
		return h(ctx, c, req)
	})
}

// handle registers a handler that needs its session.
func handle[Req any](
	r *Router, event string,
	h func(ctx context.Context, s *Session, c request.Call, req *Req) (request.Reply, error),
) {
	if _, taken := r.routes[event]; taken {
		panic(fmt.Sprintf("session: %s is registered twice", event))
	}
	r.routes[event] = route{
		decode: func(args []json.RawMessage) (any, error) { return schema.Decode[Req](r.schema, args) },
		run: func(ctx context.Context, s *Session, c request.Call, req any) (request.Reply, error) {
			return h(ctx, s, c, req.(*Req))
		},
	}
}

// Off registers that a feature is switched off, so that the requests of its domain (the part
// before the colon, as in "mm") are refused with the feature's name.
func (r *Router) Off(domain, feature string) { r.off[domain] = feature }

// Events are the names of all registered events, sorted.
func (r *Router) Events() []string { return slices.Sorted(maps.Keys(r.routes)) }

// find gives the route of an event, or a *wire.Error that says why there is none.
func (r *Router) find(event string) (route, error) {
	if found, ok := r.routes[event]; ok {
		return found, nil
	}
	domain, _, _ := strings.Cut(event, ":")
	if feature, off := r.off[domain]; off {
		return route{}, wire.Refuse(wire.CodeNotFound, "the feature "+feature+" is switched off on this cluster")
	}
	const shown = 64
	if len(event) > shown {
		event = event[:shown] + "…"
	}
	return route{}, wire.Refuse(wire.CodeNotFound, fmt.Sprintf("there is no request %q", event))
}
