package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Trim is a transform for caches: it keeps, of the managed fields of an object, those that
// were applied here, which is all that [Applier] looks at. They take more room than the
// objects do.
func Trim(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return object, nil //nolint:nilerr // a tombstone, or what else has no metadata
	}
	ours := slices.DeleteFunc(slices.Clone(accessor.GetManagedFields()), func(e metav1.ManagedFieldsEntry) bool { return !applied(e) })
	if len(ours) == 0 {
		ours = nil
	}
	accessor.SetManagedFields(ours)
	return object, nil
}
