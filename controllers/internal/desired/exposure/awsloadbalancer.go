package exposure

import (
	"strings"
	"time"
)

const albPrefix = "alb.ingress.kubernetes.io/"

// Bounds of an Application Load Balancer.
const (
	albMaxIdle       = 4000 * time.Second
	albMaxDrain      = time.Hour
	albDefaultCookie = 24 * time.Hour
)

// awsLoadBalancer supports the AWS Load Balancer Controller. Its cookie has a fixed name and needs
// a lifetime.
func awsLoadBalancer(s settings, out *Exposure) map[string]string {
	idle := s.idle
	if idle > albMaxIdle {
		idle = albMaxIdle
		out.miss("exposure.idleTimeout: an Application Load Balancer takes at most 4000s, which is used")
	}
	attributes := []string{"deregistration_delay.timeout_seconds=" + seconds(min(s.drain, albMaxDrain))}
	if s.cookie.wanted {
		attributes = append(attributes, albStickiness(s, out)...)
	}
	return map[string]string{
		albPrefix + "target-type":              "ip",
		albPrefix + "load-balancer-attributes": "idle_timeout.timeout_seconds=" + seconds(idle),
		albPrefix + "target-group-attributes":  strings.Join(attributes, ","),
	}
}

func albStickiness(s settings, out *Exposure) []string {
	ttl := s.cookie.ttl
	if ttl == 0 {
		ttl = albDefaultCookie
		out.miss("exposure.affinity.ttl: an Application Load Balancer's cookie needs a lifetime; a day is used")
	}
	out.miss("exposure.affinity.cookieName: an Application Load Balancer's cookie is always AWSALB")
	if s.cookie.sameSite != "" {
		out.miss("exposure.affinity.sameSite: an Application Load Balancer has no setting for it")
	}
	if s.cookie.secure {
		out.miss("exposure.affinity.secure: an Application Load Balancer has no setting for it")
	}
	return []string{"stickiness.enabled=true", "stickiness.type=lb_cookie", "stickiness.lb_cookie.duration_seconds=" + seconds(ttl)}
}
