package desired

import (
	"cmp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ImageInUse returns the image of a cluster without spec.image: the image of its current
// workload, or, when workload is nil, the image of the operator's version. So an operator upgrade
// alone restarts nothing. A cluster moves to the newer image when spec.image names it, or when
// [AnnotationDefaultImage] is removed from the workload.
func ImageInUse(workload metav1.Object, newest string) string {
	if workload == nil {
		return newest
	}
	return cmp.Or(workload.GetAnnotations()[AnnotationDefaultImage], newest)
}

// defaultImage marks a workload whose image the operator chose.
func defaultImage(named, chosen string) map[string]string {
	if named != "" {
		return nil
	}
	return map[string]string{AnnotationDefaultImage: chosen}
}
