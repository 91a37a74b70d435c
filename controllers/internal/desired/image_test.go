package desired

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestImageInUse(t *testing.T) {
	made := &appsv1.Deployment{}
	if got := ImageInUse(nil, "new:2"); got != "new:2" {
		t.Errorf("without a workload: %q", got)
	}
	if got := ImageInUse(made, "new:2"); got != "new:2" {
		t.Errorf("with an image that the user named: %q", got)
	}
	made.Annotations = map[string]string{AnnotationDefaultImage: "old:1"}
	if got := ImageInUse(made, "new:2"); got != "old:1" {
		t.Errorf("with an older operator's image: %q", got)
	}
}

// TestImagesByDigest: a name with a digest reaches the pods as it is written.
func TestImagesByDigest(t *testing.T) {
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	c := &v1alpha1.RealtimeCluster{}
	c.Namespace, c.Name = "games", "arena"
	for name, set := range map[string]func(image string) (server, redis string){
		"of the operator": func(image string) (string, string) { return image, image },
		"of the cluster": func(image string) (string, string) {
			c.Spec.Image, c.Spec.Redis.Managed.Image = image, image
			return "server:1", "redis:1"
		},
	} {
		image := "registry.example.com:5000/anteroom/image" + digest
		server, redis := set(image)
		deployment, err := Deployment(c, Workload{Image: server, Replicas: 1})
		if err != nil {
			t.Fatal(err)
		}
		set := RedisStatefulSet(c, RedisWorkload{Image: redis})
		for _, pod := range []corev1.PodSpec{deployment.Spec.Template.Spec, set.Spec.Template.Spec} {
			if got := pod.Containers[0].Image; got != image {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}
