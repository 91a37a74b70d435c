// Package policyrefs reads the ConfigMaps and Secrets that policies and queues name.
// They belong to users. The reader gets them by name, so that the operator needs no right to list
// Secrets.
package policyrefs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Reader reads references and caches them for a short time, so that many changes of a cluster do
// not read the same objects repeatedly.
type Reader struct {
	live client.Reader
	keep time.Duration
	mode Mode

	mu         sync.Mutex
	swept      time.Time
	configMaps map[types.NamespacedName]known[string]
	secrets    map[types.NamespacedName]known[[]byte]
}

// known is a cached object; its data are nil when the object does not exist.
type known[V any] struct {
	at    time.Time
	data  map[string]V
	label string // LabelAllowPolicies
}

// Mode selects which Secrets policies and queues may name. A Secret whose label
// [v1alpha1.LabelAllowPolicies] has another value than "true" is refused in every mode.
type Mode string

// The modes.
const (
	// InForce: Secrets with the label, and keys that the pods of a cluster already use, from before
	// the label was required. This mode is the default until the next minor version.
	InForce Mode = "InForce"
	// Labelled: only Secrets with the label.
	Labelled Mode = "Labelled"
	// Any: all Secrets, as before the label existed.
	Any Mode = "Any"
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{InForce, Labelled, Any} }

// New returns a Reader that reads from live and caches each object for keep.
func New(live client.Reader, keep time.Duration, mode Mode) *Reader {
	return &Reader{
		live: live, keep: keep, mode: mode,
		configMaps: map[types.NamespacedName]known[string]{}, secrets: map[types.NamespacedName]known[[]byte]{},
	}
}

// Rendered is a PolicySet with the objects that it was computed from.
type Rendered struct {
	Set        *configv1.PolicySet
	References *desired.References
	// Problems are the faults of the cluster, the policies and the queues.
	Problems []desired.Problem
}

// Render resolves the references of the policies and queues and computes the PolicySet of the
// cluster. Both controllers use it, so that a status and the pods never disagree on a policy.
func (r *Reader) Render(ctx context.Context, c *v1alpha1.RealtimeCluster, policies []v1alpha1.LobbyPolicy, queues []v1alpha1.MatchmakingQueue) (Rendered, error) {
	found, err := r.Resolve(ctx, c, policies, queues)
	if err != nil {
		return Rendered{}, err
	}
	set, problems := desired.PolicySet(c, policies, queues, found)
	return Rendered{Set: set, References: found, Problems: problems}, nil
}

// Resolve returns the ConfigMaps and Secrets that the cluster's policies and queues name, as far as
// they exist.
func (r *Reader) Resolve(ctx context.Context, c *v1alpha1.RealtimeCluster, policies []v1alpha1.LobbyPolicy, queues []v1alpha1.MatchmakingQueue) (*desired.References, error) {
	configMaps, secrets := desired.PolicyReferences(c, policies, queues)
	out := &desired.References{
		ConfigMaps: map[string]map[string]string{}, Secrets: map[string]map[string][]byte{},
		Barred: map[string]bool{}, Denied: map[string]bool{}, InForce: map[string]bool{},
	}
	for _, name := range configMaps {
		found, err := cached(r, r.configMaps, types.NamespacedName{Namespace: c.Namespace, Name: name}, func(key types.NamespacedName) (known[string], error) {
			var o corev1.ConfigMap
			err := r.live.Get(ctx, key, &o)
			return known[string]{data: o.Data}, err
		})
		if err != nil {
			return nil, fmt.Errorf("read ConfigMap %s: %w", name, err)
		}
		if found.data != nil {
			out.ConfigMaps[name] = found.data
		}
	}
	for _, name := range secrets {
		found, err := cached(r, r.secrets, types.NamespacedName{Namespace: c.Namespace, Name: name}, func(key types.NamespacedName) (known[[]byte], error) {
			var o corev1.Secret
			err := r.live.Get(ctx, key, &o)
			return known[[]byte]{data: o.Data, label: o.Labels[v1alpha1.LabelAllowPolicies]}, err
		})
		if err != nil {
			return nil, fmt.Errorf("read Secret %s: %w", name, err)
		}
		if found.data != nil {
			out.Secrets[name] = found.data
			out.Denied[name] = found.label != "" && found.label != "true"
			out.Barred[name] = found.label == "" && r.mode != Any
		}
	}
	return out, r.inForce(ctx, c, out)
}

// inForce adds the files that the cluster's pods already use, when the mode needs them.
func (r *Reader) inForce(ctx context.Context, c *v1alpha1.RealtimeCluster, out *desired.References) error {
	if r.mode != InForce || !slices.Contains(slices.Collect(maps.Values(out.Barred)), true) {
		return nil
	}
	var copies corev1.Secret
	err := r.live.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: desired.PolicySecretName(c)}, &copies)
	if apierrors.IsNotFound(err) || err == nil && !metav1.IsControlledBy(&copies, c) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read Secret %s: %w", desired.PolicySecretName(c), err)
	}
	for file := range copies.Data {
		out.InForce[file] = true
	}
	return nil
}

// cached returns the cached data, or reads it. An object without data is empty. A missing object is
// nil, and so is an object with an invalid name, which was stored before the API server refused
// such names.
func cached[V any](r *Reader, cache map[types.NamespacedName]known[V], key types.NamespacedName, read func(types.NamespacedName) (known[V], error)) (known[V], error) {
	if len(validation.IsDNS1123Subdomain(key.Name)) > 0 {
		return known[V]{}, nil
	}
	r.mu.Lock()
	k, ok := cache[key]
	r.mu.Unlock()
	if ok && time.Since(k.at) < r.keep {
		return k, nil
	}
	found, err := read(key)
	switch {
	case apierrors.IsNotFound(err):
		found = known[V]{}
	case err != nil:
		return known[V]{}, err
	case found.data == nil:
		found.data = map[string]V{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	found.at = time.Now()
	cache[key] = found
	return found, nil
}

// sweep removes expired objects from the cache. The caller holds the lock.
func (r *Reader) sweep(now time.Time) {
	if now.Sub(r.swept) < r.keep {
		return
	}
	r.swept = now
	for key, k := range r.configMaps {
		if now.Sub(k.at) >= r.keep {
			delete(r.configMaps, key)
		}
	}
	for key, k := range r.secrets {
		if now.Sub(k.at) >= r.keep {
			delete(r.secrets, key)
		}
	}
}
