package exposure

import "strings"

const haproxyIngressPrefix = "haproxy-ingress.github.io/"

// haproxyIngress supports the community's HAProxy Ingress.
func haproxyIngress(s settings, out *Exposure) map[string]string {
	annotations := map[string]string{
		haproxyIngressPrefix + "timeout-tunnel": s.withSeconds(),
		haproxyIngressPrefix + "timeout-server": s.withSeconds(),
	}
	if !s.cookie.wanted {
		return annotations
	}
	if s.cookie.ttl > 0 {
		out.miss("exposure.affinity.ttl: HAProxy Ingress writes cookies that last as long as the browser runs")
	}
	annotations[haproxyIngressPrefix+"affinity"] = "cookie"
	annotations[haproxyIngressPrefix+"session-cookie-name"] = s.cookie.name
	annotations[haproxyIngressPrefix+"session-cookie-strategy"] = "insert"
	annotations[haproxyIngressPrefix+"session-cookie-value-strategy"] = "pod-uid"
	annotations[haproxyIngressPrefix+"session-cookie-keywords"] = haproxyKeywords(s.cookie)
	switch strings.ToLower(string(s.cookie.sameSite)) {
	case "":
	case "none":
		annotations[haproxyIngressPrefix+"session-cookie-same-site"] = "true"
	default:
		out.miss("exposure.affinity.sameSite: HAProxy Ingress can only write None")
	}
	return annotations
}

func haproxyKeywords(c cookie) string {
	words := "indirect nocache httponly"
	if c.secure {
		words += " secure"
	}
	return words
}
