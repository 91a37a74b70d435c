package exposure

// haproxyTech supports HAProxy Technologies' controller. It reads affinity on the Service and
// supports only the cookie's name; the tunnel's time-out is in its ConfigMap.
func haproxyTech(s settings, out *Exposure) map[string]string {
	out.miss("exposure.idleTimeout: this controller takes timeout-tunnel (1h by default) from its own ConfigMap only")
	if !s.cookie.wanted {
		return nil
	}
	if s.cookie.ttl > 0 {
		out.miss("exposure.affinity.ttl: this controller writes cookies that last as long as the browser runs")
	}
	if s.cookie.sameSite != "" {
		out.miss("exposure.affinity.sameSite: this controller has no setting for it")
	}
	if s.cookie.secure {
		out.miss("exposure.affinity.secure: this controller has no setting for it")
	}
	out.annotate(map[string]string{"haproxy.org/cookie-persistence": s.cookie.name})
	return nil
}
