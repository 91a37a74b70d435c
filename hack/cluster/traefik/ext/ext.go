// Package ext has the empty extension points of Traefik's open-source edition. Traefik's
// module archive omits their folder.
package ext

// HTTP and Router add nothing to Traefik's dynamic configuration.
type (
	HTTP   struct{}
	Router struct{}
)
