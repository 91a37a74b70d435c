package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Prune deletes the objects of the given kinds that have the labels, are controlled by the owner,
// and are not in keep. It returns "Kind name" of each deleted object.
func (a *Applier) Prune(ctx context.Context, owner client.Object, labels map[string]string, kinds []schema.GroupVersionKind, keep []desired.Object) ([]string, error) {
	kept := map[string]bool{}
	for _, o := range keep {
		kept[o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetName()] = true
	}
	var gone []string
	for _, kind := range kinds {
		installed, err := a.Kinds.Installed(kind)
		if err != nil {
			return gone, err
		}
		if !installed {
			continue
		}
		objects, err := a.list(ctx, owner.GetNamespace(), labels, kind)
		if err != nil {
			return gone, fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		for _, o := range objects {
			title := kind.Kind + " " + o.GetName()
			if kept[title] || !metav1.IsControlledBy(o, owner) || !o.GetDeletionTimestamp().IsZero() {
				continue
			}
			if err := a.delete(ctx, o); err != nil {
				return gone, fmt.Errorf("delete %s: %w", title, err)
			}
			gone = append(gone, title)
		}
	}
	return gone, nil
}

// delete deletes exactly this object, and no later object with the same name.
func (a *Applier) delete(ctx context.Context, o client.Object) error {
	uid := o.GetUID()
	err := a.Client.Delete(ctx, o, client.Preconditions{UID: &uid})
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}

func (a *Applier) list(ctx context.Context, namespace string, labels map[string]string, kind schema.GroupVersionKind) ([]client.Object, error) {
	list := a.emptyList(kind)
	if err := a.Client.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels(labels)); err != nil {
		return nil, err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, err
	}
	var objects []client.Object
	for _, item := range items {
		if o, ok := item.(client.Object); ok {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

func (a *Applier) emptyList(kind schema.GroupVersionKind) client.ObjectList {
	listKind := kind.GroupVersion().WithKind(kind.Kind + "List")
	if typed, err := a.Client.Scheme().New(listKind); err == nil {
		if list, ok := typed.(client.ObjectList); ok {
			return list
		}
	}
	u := &unstructured.UnstructuredList{}
	u.SetGroupVersionKind(listKind)
	return u
}
