// Package references reads the ConfigMaps and Secrets that policies and queues name.
// They belong to users and are read by name, so that no right to list Secrets is needed.
package references

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Reader reads references and remembers them for a short time, so that many changes
// of a cluster do not read the same objects over and over.
type Reader struct {
	live client.Reader
	keep time.Duration

	mu         sync.Mutex
	swept      time.Time
	configMaps map[types.NamespacedName]known[string]
	secrets    map[types.NamespacedName]known[[]byte]
}

// known is what was read; nil data when the object was not there.
type known[V any] struct {
	at   time.Time
	data map[string]V
}

// New reads from live, and what was read stays good for keep.
func New(live client.Reader, keep time.Duration) *Reader {
	return &Reader{
		live: live, keep: keep,
		configMaps: map[types.NamespacedName]known[string]{}, secrets: map[types.NamespacedName]known[[]byte]{},
	}
}

// Of returns what the cluster's policies and queues name, as far as it is there.
func (r *Reader) Of(ctx context.Context, c *v1alpha1.RealtimeCluster, policies []v1alpha1.LobbyPolicy, queues []v1alpha1.MatchmakingQueue) (*desired.References, error) {
	configMaps, secrets := desired.PolicyReferences(c, policies, queues)
	out := &desired.References{ConfigMaps: map[string]map[string]string{}, Secrets: map[string]map[string][]byte{}}
	for _, name := range configMaps {
		data, err := look(r, r.configMaps, types.NamespacedName{Namespace: c.Namespace, Name: name}, func(key types.NamespacedName) (map[string]string, error) {
			var o corev1.ConfigMap
			err := r.live.Get(ctx, key, &o)
			return o.Data, err
		})
		if err != nil {
			return nil, fmt.Errorf("read ConfigMap %s: %w", name, err)
		}
		if data != nil {
			out.ConfigMaps[name] = data
		}
	}
	for _, name := range secrets {
		data, err := look(r, r.secrets, types.NamespacedName{Namespace: c.Namespace, Name: name}, func(key types.NamespacedName) (map[string][]byte, error) {
			var o corev1.Secret
			err := r.live.Get(ctx, key, &o)
			return o.Data, err
		})
		if err != nil {
			return nil, fmt.Errorf("read Secret %s: %w", name, err)
		}
		if data != nil {
			out.Secrets[name] = data
		}
	}
	return out, nil
}

// look returns what is remembered, or reads it. An object without data is empty, and
// one that is not there is nil, as is one of a name that none can have, which was stored
// before the API server refused it.
func look[V any](r *Reader, cache map[types.NamespacedName]known[V], key types.NamespacedName, read func(types.NamespacedName) (map[string]V, error)) (map[string]V, error) {
	if len(validation.IsDNS1123Subdomain(key.Name)) > 0 {
		return nil, nil
	}
	r.mu.Lock()
	k, ok := cache[key]
	r.mu.Unlock()
	if ok && time.Since(k.at) < r.keep {
		return k.data, nil
	}
	data, err := read(key)
	switch {
	case apierrors.IsNotFound(err):
		data = nil
	case err != nil:
		return nil, err
	case data == nil:
		data = map[string]V{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	cache[key] = known[V]{at: time.Now(), data: data}
	return data, nil
}

// sweep forgets what is no longer good. The caller holds the lock.
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
