// Package ext is the extension points of Traefik's open-source edition, which are empty.
// Traefik has them in a folder that its module's archive leaves out.
package ext

// HTTP and Router extend Traefik's dynamic configuration by nothing.
type (
	HTTP   struct{}
	Router struct{}
)
