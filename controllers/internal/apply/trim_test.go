package apply

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

func TestTrim(t *testing.T) {
	fields := metav1.NewFieldsV1(`{"f:data":{}}`)
	entry := func(manager string, operation metav1.ManagedFieldsOperationType, subresource string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, Subresource: subresource, FieldsV1: fields}
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x", ManagedFields: []metav1.ManagedFieldsEntry{
		entry("kubectl", metav1.ManagedFieldsOperationUpdate, ""), entry(FieldOwner, metav1.ManagedFieldsOperationApply, ""),
		entry(FieldOwner, metav1.ManagedFieldsOperationUpdate, "status"),
	}}}
	if _, err := Trim(object); err != nil {
		t.Fatal(err)
	}
	if got := object.ManagedFields; len(got) != 1 || got[0].Manager != FieldOwner || got[0].Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("managed fields are %v", got)
	}
	tombstone := cache.DeletedFinalStateUnknown{Key: "a/b"}
	if out, err := Trim(tombstone); err != nil || out != any(tombstone) {
		t.Errorf("a tombstone became %v, %v", out, err)
	}
}
