// Package bootstrap applies the objects that a ConfigMap declares. It serves installers such as
// Helm that cannot use a kind in the same step that installs its CRD.
package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

const (
	// Key is the key of a ConfigMap with the objects, as YAML documents.
	Key = "objects.yaml"
	// fieldOwner is the field manager of the applies.
	fieldOwner = "anteroom-declare"
	// againAfter is the retry interval for a kind that is not installed yet.
	againAfter = 500 * time.Millisecond
)

// kinds are the kinds that may be declared.
var kinds = []string{v1alpha1.KindRealtimeCluster, v1alpha1.KindLobbyPolicy, v1alpha1.KindMatchmakingQueue}

// Apply applies the objects that the ConfigMap declares, and deletes the objects of earlier calls
// that it no longer declares. The ConfigMap owns the objects, so they are deleted with it. Apply
// waits until ctx ends for kinds that are not installed yet. It changes nothing when an object is
// not allowed.
func Apply(ctx context.Context, c client.Client, key types.NamespacedName) (applied, deleted int, err error) {
	var m corev1.ConfigMap
	if err := c.Get(ctx, key, &m); err != nil {
		return 0, 0, fmt.Errorf("read ConfigMap %s: %w", key, err)
	}
	objects, err := parse(m.Data[Key], key.Namespace)
	if err != nil {
		return 0, 0, fmt.Errorf("%s of ConfigMap %s: %w", Key, key, err)
	}
	declared := map[string]bool{}
	for _, o := range objects {
		declared[o.GetKind()+"/"+o.GetName()] = true
		o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: m.Name, UID: m.UID}})
		if err := apply(ctx, c, o); err != nil {
			return applied, 0, fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		applied++
	}
	for _, kind := range kinds {
		n, err := prune(ctx, c, &m, kind, declared)
		deleted += n
		if err != nil {
			return applied, deleted, err
		}
	}
	return applied, deleted, nil
}

// parse reads the objects, all of which must be of this project's kinds and in the namespace.
func parse(text, namespace string) (objects []*unstructured.Unstructured, err error) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(o)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(o.Object) == 0 {
			continue
		}
		if o.GroupVersionKind().GroupVersion() != v1alpha1.GroupVersion {
			return nil, fmt.Errorf("%s %q is of %s: only kinds of %s can be declared", o.GetKind(), o.GetName(), o.GetAPIVersion(), v1alpha1.GroupVersion)
		}
		if n := o.GetNamespace(); n != "" && n != namespace {
			return nil, fmt.Errorf("%s %q is of namespace %s, which is not %s", o.GetKind(), o.GetName(), n, namespace)
		}
		o.SetNamespace(namespace)
		objects = append(objects, o)
	}
}

// apply applies an object, and waits until its kind is installed.
func apply(ctx context.Context, c client.Client, o *unstructured.Unstructured) error {
	for {
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(o.DeepCopy()), client.FieldOwner(fieldOwner), client.ForceOwnership)
		if !meta.IsNoMatchError(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(againAfter):
		}
	}
}

// prune deletes the objects of a kind that the ConfigMap owns and does not declare.
func prune(ctx context.Context, c client.Client, m *corev1.ConfigMap, kind string, declared map[string]bool) (deleted int, err error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind + "List"))
	if err := c.List(ctx, list, client.InNamespace(m.Namespace)); meta.IsNoMatchError(err) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("list %s: %w", kind, err)
	}
	for i := range list.Items {
		o := &list.Items[i]
		if declared[kind+"/"+o.GetName()] || !owned(o, m) {
			continue
		}
		if err := c.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			return deleted, fmt.Errorf("delete %s %s: %w", kind, o.GetName(), err)
		}
		deleted++
	}
	return deleted, nil
}

func owned(o client.Object, m *corev1.ConfigMap) bool {
	for _, ref := range o.GetOwnerReferences() {
		if ref.UID == m.UID {
			return true
		}
	}
	return false
}
