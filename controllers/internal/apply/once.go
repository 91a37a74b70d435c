package apply

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// Secret returns the Secret with that name, or creates it with the values of make. An existing
// Secret is not changed: its values belong to the user from then on. It returns a *ForeignError
// for a Secret of another owner.
func (a *Applier) Secret(ctx context.Context, owner client.Object, name string, makes func() (*corev1.Secret, error)) (*corev1.Secret, Outcome, error) {
	var live corev1.Secret
	err := a.Live.Get(ctx, client.ObjectKey{Namespace: owner.GetNamespace(), Name: name}, &live)
	switch {
	case err == nil && !metav1.IsControlledBy(&live, owner):
		return nil, Unchanged, foreign(schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, &live)
	case err == nil:
		return &live, Unchanged, nil
	case !apierrors.IsNotFound(err):
		return nil, Unchanged, fmt.Errorf("read Secret %s: %w", name, err)
	}
	secret, err := makes()
	if err != nil {
		return nil, Unchanged, err
	}
	if err := controllerutil.SetControllerReference(owner, secret, a.Client.Scheme()); err != nil {
		return nil, Unchanged, err
	}
	if err := a.Client.Create(ctx, secret, client.FieldOwner(FieldOwner)); err != nil {
		return nil, Unchanged, fmt.Errorf("create Secret %s: %w", name, err)
	}
	return secret, Created, nil
}
