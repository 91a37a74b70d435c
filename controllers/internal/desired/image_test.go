package desired

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
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
