package stack_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/golden"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

// TestGolden covers every object but the two ConfigMaps of the servers, which have
// goldens of their own in package desired.
func TestGolden(t *testing.T) {
	golden.Run(t, func(t *testing.T, objects manifest.Objects) []any {
		cluster := &objects.Clusters[0]
		built := build(t, cluster, objects)
		var documents []any
		for _, g := range desired.GeneratedSecrets(cluster) {
			documents = append(documents, desired.GeneratedSecret(cluster, g, "made-in-the-cluster"))
		}
		for _, o := range built.Objects {
			restricted(t, o)
			if o.GetName() == desired.RuntimeConfigMapName(cluster) || o.GetName() == desired.PoliciesConfigMapName(cluster) {
				continue
			}
			documents = append(documents, o)
		}
		return documents
	})
}

func build(t *testing.T, cluster *v1alpha1.RealtimeCluster, objects manifest.Objects) stack.Stack {
	t.Helper()
	set, problems := desired.PolicySet(cluster, objects.Policies, objects.Queues, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	built, err := stack.Build(stack.Input{
		Cluster: cluster, Policies: set,
		Images:           stack.Images{Server: "registry.example/anteroom-server:v1", Redis: "registry.example/redis:7"},
		Replicas:         *cluster.Spec.Replicas,
		Gateway:          exposure.Capabilities{Persistence: exposure.ShapeSessionName},
		RedisPasswords:   []string{desired.RedisPasswordHash("made-in-the-cluster")},
		RedisCertificate: desired.Certificate{CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// restricted checks an object's pod template, when it has one, as an API server
// does in a namespace that enforces the Pod Security level "restricted".
func restricted(t *testing.T, o desired.Object) {
	t.Helper()
	var template corev1.PodTemplateSpec
	switch o := o.(type) {
	case *appsv1.Deployment:
		template = o.Spec.Template
	case *appsv1.StatefulSet:
		template = o.Spec.Template
	default:
		return
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec))
	if !result.Allowed {
		t.Errorf("%s is not restricted: %s", o.GetName(), result.ForbiddenDetail())
	}
	for _, c := range template.Spec.Containers {
		if root := c.SecurityContext.ReadOnlyRootFilesystem; root == nil || !*root {
			t.Errorf("%s: container %s can write to its root", o.GetName(), c.Name)
		}
	}
}

// TestWhatRestarts changes one field at a time and looks whether the servers'
// template changes: only what is read at the start may restart them.
func TestWhatRestarts(t *testing.T) {
	for name, tc := range map[string]struct {
		change   func(*v1alpha1.RealtimeClusterSpec)
		restarts bool
	}{
		"a limit":         {func(s *v1alpha1.RealtimeClusterSpec) { s.Limits.ConnectionsPerPod = 7 }, false},
		"replicas":        {func(s *v1alpha1.RealtimeClusterSpec) { s.Replicas = new(int32) }, false},
		"the budget":      {func(s *v1alpha1.RealtimeClusterSpec) { s.Disruption.MaxUnavailable = nil }, false},
		"a host":          {func(s *v1alpha1.RealtimeClusterSpec) { s.Exposure.Hosts = []string{"x.example.com"} }, false},
		"pausing":         {func(s *v1alpha1.RealtimeClusterSpec) { s.Paused = v1alpha1.PauseRollouts }, false},
		"the Redis image": {func(s *v1alpha1.RealtimeClusterSpec) { s.Redis.Managed.Image = "other" }, false},
		"the path":        {func(s *v1alpha1.RealtimeClusterSpec) { s.Engine.Path = "/rt/" }, true},
		"the image":       {func(s *v1alpha1.RealtimeClusterSpec) { s.Image = "other" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			objects := golden.Load(t, "testdata/defaults.in.yaml")
			cluster := &objects.Clusters[0]
			before := golden.Write(t, []any{template(t, build(t, cluster, objects))})
			tc.change(&cluster.Spec)
			after := golden.Write(t, []any{template(t, build(t, cluster, objects))})
			if restarts := string(before) != string(after); restarts != tc.restarts {
				t.Errorf("restarts: %v, want %v", restarts, tc.restarts)
			}
		})
	}
}

func template(t *testing.T, built stack.Stack) corev1.PodTemplateSpec {
	t.Helper()
	for _, o := range built.Objects {
		if d, ok := o.(*appsv1.Deployment); ok {
			return d.Spec.Template
		}
	}
	t.Fatal("there is no Deployment")
	return corev1.PodTemplateSpec{}
}
