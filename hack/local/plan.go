package main

import (
	"bytes"
	"reflect"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// plan is what has to happen so that a new desired state holds. The zero plan
// means that nothing does.
type plan struct {
	// policies: the PolicySet file is rewritten, and the servers swap it while they run.
	policies bool
	// roll: the servers are restarted one by one, because their configuration changed.
	roll bool
	// cookie: the front takes another cookie name or path.
	cookie bool
	// servers is how many are to run; 0 when that stays as it is.
	servers int
	// redis: only a new make run gives Redis what it now asks for.
	redis bool
}

// decide compares what runs with what is wanted.
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

// nothing tells whether there is nothing to do.
func (p plan) nothing() bool { return p == plan{} }

// cookieName is the name of the front's cookie.
func cookieName(cluster v1alpha1.RealtimeCluster) string {
	if name := cluster.Spec.Exposure.Affinity.CookieName; name != "" {
		return name
	}
	return "anteroom"
}
