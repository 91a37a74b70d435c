package desired

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Object is a Kubernetes object, typed or unstructured.
type Object interface {
	metav1.Object
	runtime.Object
}

// objectMeta returns the metadata of an object of the cluster.
func objectMeta(c *v1alpha1.RealtimeCluster, component Component, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: c.Namespace, Name: name, Labels: Labels(c, component)}
}

// convert converts a value of the API to the Kubernetes type with the same JSON form. An error
// means that the forms differ, which the tests would detect.
func convert[T any](from any) (T, error) {
	var to T
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &to)
	}
	if err != nil {
		return to, fmt.Errorf("convert %T: %w", from, err)
	}
	return to, nil
}

func ptr[T any](v T) *T { return &v }
