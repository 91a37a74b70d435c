package exposure

import (
	"fmt"
	"strings"
)

// nginx supports F5's NGINX Ingress Controller, whose open-source edition has sticky cookies since
// 5.4.
func nginx(s settings, _ *Exposure) map[string]string {
	annotations := map[string]string{
		"nginx.org/websocket-services":   s.service,
		"nginx.org/proxy-read-timeout":   s.withSeconds(),
		"nginx.org/proxy-send-timeout":   s.withSeconds(),
		"nginx.org/client-max-body-size": fmt.Sprint(s.cluster.Spec.Engine.MaxPayload.Value()),
	}
	if !s.cookie.wanted {
		return annotations
	}
	words := []string{"serviceName=" + s.service, s.cookie.name}
	if s.cookie.ttl > 0 {
		words = append(words, "expires="+seconds(s.cookie.ttl)+"s")
	}
	words = append(words, "httponly")
	if s.cookie.secure {
		words = append(words, "secure")
	}
	if s.cookie.sameSite != "" {
		words = append(words, "samesite="+strings.ToLower(string(s.cookie.sameSite)))
	}
	annotations["nginx.org/sticky-cookie-services"] = strings.Join(append(words, "path="+s.path), " ")
	return annotations
}
