package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// FieldOwner owns every field that the operator writes.
const FieldOwner = "anteroom-operator"

// Applier applies objects.
type Applier struct {
	// Client writes, and reads from the cache everything except Secrets.
	Client client.Client
	// Live reads objects that the cache does not have from the API server.
	Live client.Reader
	// Kinds reports which kinds are installed.
	Kinds *Kinds
}

// Outcome is the effect of an apply.
type Outcome string

// The outcomes.
const (
	Unchanged Outcome = "Unchanged"
	Created   Outcome = "Created"
	Updated   Outcome = "Updated"
)

// ForeignError reports that an object with the name exists and has another controller.
type ForeignError struct {
	Kind schema.GroupVersionKind
	Name string
	// Controller is the kind and name of its controller; empty when it has none.
	Controller string
}

// Error states the remedy.
func (e *ForeignError) Error() string {
	whose := "it was not made by this RealtimeCluster"
	if e.Controller != "" {
		whose = "it belongs to " + e.Controller
	}
	return fmt.Sprintf("%s %q is there already and %s: delete or rename it, or give the RealtimeCluster another name", e.Kind.Kind, e.Name, whose)
}

// MissingKindError reports that the kind of an object is not installed.
type MissingKindError struct{ Kind schema.GroupVersionKind }

// Error names the kind.
func (e *MissingKindError) Error() string {
	return fmt.Sprintf("kind %s (%s) is not installed", e.Kind.Kind, e.Kind.GroupVersion())
}

// Apply applies the object with the owner as its controller. It writes nothing when the live object
// is current. It returns a *ForeignError, a *MissingKindError or the error of the API server.
func (a *Applier) Apply(ctx context.Context, owner client.Object, object desired.Object) (Outcome, error) {
	want, err := a.wanted(owner, object)
	if err != nil {
		return Unchanged, err
	}
	kind := want.GroupVersionKind()
	if installed, err := a.Kinds.Installed(kind); err != nil || !installed {
		return Unchanged, orElse(err, &MissingKindError{Kind: kind})
	}
	live, err := a.live(ctx, want)
	if err != nil {
		return Unchanged, fmt.Errorf("read %s %s: %w", kind.Kind, want.GetName(), err)
	}
	outcome := Created
	if live != nil {
		if !metav1.IsControlledBy(live, owner) {
			return Unchanged, foreign(kind, live)
		}
		if !live.GetDeletionTimestamp().IsZero() || Current(want, live) {
			return Unchanged, nil
		}
		// With the UID, the write cannot change a later object of the same name.
		want.SetUID(live.GetUID())
		outcome = Updated
	}
	err = a.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(want), client.FieldOwner(FieldOwner), client.ForceOwnership)
	if err != nil {
		return Unchanged, fmt.Errorf("apply %s %s: %w", kind.Kind, want.GetName(), err)
	}
	return outcome, nil
}

// orElse returns the first error, or else the other.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// wanted returns the object to send, with its controller and its hash.
func (a *Applier) wanted(owner client.Object, object desired.Object) (*unstructured.Unstructured, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object.DeepCopyObject())
	if err != nil {
		return nil, fmt.Errorf("convert %T: %w", object, err)
	}
	prune(fields)
	delete(fields, "status")
	want := &unstructured.Unstructured{Object: fields}
	ownerKind, err := apiutil.GVKForObject(owner, a.Client.Scheme())
	if err != nil {
		return nil, err
	}
	want.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, ownerKind)})
	return want, mark(want)
}

// mark writes the hash of the desired object onto the object, so that [Current] detects an entry
// that was removed from a field with atomic ownership. Secrets get no hash, because a hash would
// reveal their data; their data are owned key by key.
func mark(want *unstructured.Unstructured) error {
	if want.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Secret") {
		return nil
	}
	text, err := json.Marshal(want.Object)
	if err != nil {
		return fmt.Errorf("hash %s %s: %w", want.GetKind(), want.GetName(), err)
	}
	sum := sha256.Sum256(text)
	annotations := want.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[desired.AnnotationApplied] = hex.EncodeToString(sum[:8])
	want.SetAnnotations(annotations)
	return nil
}

// prune removes nulls, which the API server would take as values.
func prune(fields map[string]any) {
	for k, v := range fields {
		switch v := v.(type) {
		case nil:
			delete(fields, k)
		case map[string]any:
			prune(v)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					prune(m)
				}
			}
		}
	}
}

// live reads the object from the cache, or else from the API server; nil when it does not exist.
func (a *Applier) live(ctx context.Context, want *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	key := client.ObjectKeyFromObject(want)
	for _, from := range []client.Reader{a.Client, a.Live} {
		into := a.empty(want.GroupVersionKind())
		err := from.Get(ctx, key, into)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return asUnstructured(into)
	}
	return nil, nil
}

// empty returns a typed object if the scheme has the kind, so that all reads share a cache.
func (a *Applier) empty(kind schema.GroupVersionKind) client.Object {
	if typed, err := a.Client.Scheme().New(kind); err == nil {
		if object, ok := typed.(client.Object); ok {
			return object
		}
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	return u
}

func asUnstructured(object client.Object) (*unstructured.Unstructured, error) {
	if u, ok := object.(*unstructured.Unstructured); ok {
		return u, nil
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("convert %T: %w", object, err)
	}
	return &unstructured.Unstructured{Object: fields}, nil
}

func foreign(kind schema.GroupVersionKind, live client.Object) error {
	e := &ForeignError{Kind: kind, Name: live.GetName()}
	if c := metav1.GetControllerOf(live); c != nil {
		e.Controller = c.Kind + " " + c.Name
	}
	return e
}
