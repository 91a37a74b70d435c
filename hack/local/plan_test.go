package main

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestDecide(t *testing.T) {
	replicas := func(n int32) func(*rendered) { return func(r *rendered) { r.cluster.Spec.Replicas = &n } }
	tests := map[string]struct {
		edit func(*rendered)
		want plan
	}{
		"nothing":            {func(*rendered) {}, plan{}},
		"only notes":         {func(r *rendered) { r.notes = "note: other" }, plan{}},
		"policies":           {func(r *rendered) { r.policies = []byte("new") }, plan{policies: true}},
		"configuration":      {func(r *rendered) { r.runtime.Drain.Settle = metav1.Duration{Duration: time.Second} }, plan{roll: true}},
		"a key":              {func(r *rendered) { r.keys = "new" }, plan{roll: true}},
		"the path":           {func(r *rendered) { r.runtime.Engine.Path = "/rt/" }, plan{roll: true, cookie: true}},
		"the cookie":         {func(r *rendered) { r.cluster.Spec.Exposure.Affinity.CookieName = "sticky" }, plan{cookie: true}},
		"more servers":       {replicas(4), plan{servers: 4}},
		"one, which is two":  {replicas(1), plan{}},
		"more than fit here": {replicas(500), plan{servers: maxServers}},
		"storage":            {func(r *rendered) { r.cluster.Spec.Redis.Managed.Storage.Type = v1alpha1.StoragePersistent }, plan{redis: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now, next := rendered{policies: []byte("old")}, rendered{policies: []byte("old")}
			replicas(2)(&now)
			replicas(2)(&next)
			test.edit(&next)
			got := decide(now, next)
			if got != test.want || got.nothing() != (test.want == plan{}) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestServersRemarksOnOtherNumbers(t *testing.T) {
	for want, given := range map[int]int32{minServers: 1, 3: 3, maxServers: 200} {
		n, remark := servers(v1alpha1.RealtimeCluster{Spec: v1alpha1.RealtimeClusterSpec{Replicas: &given}})
		if n != want || (remark == "") != (int(given) == want) {
			t.Errorf("replicas %d: got %d servers, remark %q, want %d", given, n, remark, want)
		}
	}
}
