package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Trim is a transform for caches: of the managed fields of an object, it keeps only the entries of
// the operator's own applies, which [Applier] compares. The other entries take more memory than the
// objects.
func Trim(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return object, nil //nolint:nilerr // a tombstone, or another object without metadata
	}
	ours := slices.DeleteFunc(slices.Clone(accessor.GetManagedFields()), func(e metav1.ManagedFieldsEntry) bool { return !applied(e) })
	if len(ours) == 0 {
		ours = nil
	}
	accessor.SetManagedFields(ours)
	return object, nil
}
