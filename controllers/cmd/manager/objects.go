package main

import (
	"cmp"
	"fmt"
	"slices"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

// renderAll returns the objects for the chosen clusters, sorted by namespace and
// name of the cluster. All problems of all clusters are in the error.
func renderAll(objects manifest.Objects, o renderOptions) ([]any, error) {
	clusters, err := choose(objects.Clusters, o.cluster)
	if err != nil {
		return nil, err
	}
	var all []any
	var problems manifest.Problems
	for i := range clusters {
		c := &clusters[i]
		set, found := desired.PolicySet(c, objects.Policies, objects.Queues, nil)
		for _, p := range found {
			problems = append(problems, objects.Problem(p.Kind, c.Namespace, p.Name, p.Field, p.Message))
		}
		if o.inputs {
			all = append(all, inputs(c, objects)...)
		}
		built, err := stackOf(c, set, o.images)
		if err != nil {
			return nil, err
		}
		all = append(all, built...)
	}
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	return all, nil
}

// stackOf returns the objects of a cluster. The values of generated Secrets are empty, because the
// operator generates them in the cluster.
func stackOf(c *v1alpha1.RealtimeCluster, set *configv1.PolicySet, images stack.Images) ([]any, error) {
	built, err := stack.Build(stack.Input{Cluster: c, Policies: set, Images: images, Replicas: *c.Spec.Replicas})
	if err != nil {
		return nil, err
	}
	var all []any
	for _, g := range desired.GeneratedSecrets(c) {
		all = append(all, desired.GeneratedSecret(c, g, ""))
	}
	for _, object := range built.Objects {
		all = append(all, object)
	}
	return all, nil
}

// choose returns the clusters to render.
func choose(clusters []v1alpha1.RealtimeCluster, name string) ([]v1alpha1.RealtimeCluster, error) {
	var chosen []v1alpha1.RealtimeCluster
	var names []string
	for _, c := range clusters {
		names = append(names, c.Name)
		if name == "" || c.Name == name {
			chosen = append(chosen, c)
		}
	}
	switch {
	case len(clusters) == 0:
		return nil, fmt.Errorf("there is no %s in the input: add one, \"spec: {}\" is enough", v1alpha1.KindRealtimeCluster)
	case len(chosen) == 0:
		return nil, fmt.Errorf("there is no %s %q in the input: choose one of %q", v1alpha1.KindRealtimeCluster, name, names)
	}
	slices.SortFunc(chosen, func(a, b v1alpha1.RealtimeCluster) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return chosen, nil
}

// strays returns a note for each object whose clusterRef names no cluster of the input.
func strays(objects manifest.Objects) []string {
	known := map[string]bool{}
	for _, c := range objects.Clusters {
		known[c.Namespace+"/"+c.Name] = true
	}
	var notes []string
	note := func(kind, namespace, name, cluster string) {
		if !known[namespace+"/"+cluster] {
			p := objects.Problem(kind, namespace, name, "spec.clusterRef.name",
				fmt.Sprintf("it is not rendered, because there is no %s %q in namespace %s of the input", v1alpha1.KindRealtimeCluster, cluster, namespace))
			notes = append(notes, p.String())
		}
	}
	for _, p := range objects.Policies {
		note(v1alpha1.KindLobbyPolicy, p.Namespace, p.Name, p.Spec.ClusterRef.Name)
	}
	for _, q := range objects.Queues {
		note(v1alpha1.KindMatchmakingQueue, q.Namespace, q.Name, q.Spec.ClusterRef.Name)
	}
	return notes
}

// inputs returns the cluster and the objects that name it, as the API server would store them,
// sorted by kind and name.
func inputs(c *v1alpha1.RealtimeCluster, objects manifest.Objects) []any {
	all := []any{c}
	policies := slices.Clone(objects.Policies)
	slices.SortFunc(policies, func(a, b v1alpha1.LobbyPolicy) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range policies {
		if p.Namespace == c.Namespace && p.Spec.ClusterRef.Name == c.Name {
			all = append(all, p)
		}
	}
	queues := slices.Clone(objects.Queues)
	slices.SortFunc(queues, func(a, b v1alpha1.MatchmakingQueue) int { return cmp.Compare(a.Name, b.Name) })
	for _, q := range queues {
		if q.Namespace == c.Namespace && q.Spec.ClusterRef.Name == c.Name {
			all = append(all, q)
		}
	}
	return all
}
