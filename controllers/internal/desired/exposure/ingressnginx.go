package exposure

import (
	"fmt"
	"strconv"
)

const ingressNGINXPrefix = "nginx.ingress.kubernetes.io/"

// ingressNGINX supports the community's ingress-nginx, which was retired in March 2026.
func ingressNGINX(s settings, out *Exposure) map[string]string {
	out.Retired = "ingress-nginx was retired in March 2026 and gets no more fixes, not even for security: move to another controller"
	annotations := map[string]string{
		ingressNGINXPrefix + "proxy-read-timeout": seconds(s.idle),
		ingressNGINXPrefix + "proxy-send-timeout": seconds(s.idle),
		ingressNGINXPrefix + "proxy-body-size":    fmt.Sprint(s.cluster.Spec.Engine.MaxPayload.Value()),
	}
	if !s.cookie.wanted {
		return annotations
	}
	annotations[ingressNGINXPrefix+"affinity"] = "cookie"
	annotations[ingressNGINXPrefix+"affinity-mode"] = "persistent"
	annotations[ingressNGINXPrefix+"session-cookie-name"] = s.cookie.name
	annotations[ingressNGINXPrefix+"session-cookie-path"] = s.path
	annotations[ingressNGINXPrefix+"session-cookie-secure"] = strconv.FormatBool(s.cookie.secure)
	annotations[ingressNGINXPrefix+"session-cookie-change-on-failure"] = "true"
	if s.cookie.sameSite != "" {
		annotations[ingressNGINXPrefix+"session-cookie-samesite"] = string(s.cookie.sameSite)
	}
	if s.cookie.ttl > 0 {
		annotations[ingressNGINXPrefix+"session-cookie-max-age"] = seconds(s.cookie.ttl)
	}
	return annotations
}
