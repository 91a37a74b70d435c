package main

import (
	"bytes"
	"reflect"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// plan lists the steps to a new desired state. The zero plan has no steps.
type plan struct {
	// policies: the PolicySet file is rewritten, and the servers apply it live.
	policies bool
	// roll: the servers are restarted one by one, because their configuration changed.
	roll bool
	// cookie: the proxy uses another cookie name or path.
	cookie bool
	// servers is the desired number; 0 when it does not change.
	servers int
	// redis: only another make run changes Redis.
	redis bool
}

// decide compares the running state with the desired state.
func decide(now, next rendered) plan {
	var p plan
	p.policies = !bytes.Equal(now.policies, next.policies)
	p.roll = !reflect.DeepEqual(now.runtime, next.runtime) || now.keys != next.keys
	p.cookie = cookieName(now.cluster) != cookieName(next.cluster) || now.runtime.Engine.Path != next.runtime.Engine.Path
	before, _ := servers(now.cluster)
	if after, _ := servers(next.cluster); after != before {
		p.servers = after
	}
	p.redis = persistent(now.cluster) != persistent(next.cluster)
	return p
}

// nothing reports whether the plan has no steps.
func (p plan) nothing() bool { return p == plan{} }

// cookieName returns the name of the proxy's cookie.
func cookieName(cluster v1alpha1.RealtimeCluster) string {
	if name := cluster.Spec.Exposure.Affinity.CookieName; name != "" {
		return name
	}
	return "anteroom"
}
