package exposure

import (
	"strconv"
	"strings"
)

const traefikCookie = "traefik.ingress.kubernetes.io/service.sticky.cookie"

// traefik reads affinity on the Service, not on the Ingress. Its time-outs belong to entry points,
// which are part of Traefik's static configuration.
func traefik(s settings, out *Exposure) map[string]string {
	out.miss("exposure.idleTimeout: Traefik has its time-outs in the static configuration of its entry points (transport.respondingTimeouts)")
	if !s.cookie.wanted {
		return nil
	}
	annotations := map[string]string{
		traefikCookie:               "true",
		traefikCookie + ".name":     s.cookie.name,
		traefikCookie + ".path":     s.path,
		traefikCookie + ".httponly": "true",
		traefikCookie + ".secure":   strconv.FormatBool(s.cookie.secure),
	}
	if s.cookie.sameSite != "" {
		annotations[traefikCookie+".samesite"] = strings.ToLower(string(s.cookie.sameSite))
	}
	if s.cookie.ttl > 0 {
		annotations[traefikCookie+".maxage"] = seconds(s.cookie.ttl)
	}
	out.annotate(annotations)
	return nil
}
