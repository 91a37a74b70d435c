package apply

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds remembers for a while which kinds are not installed, because finding out
// costs requests each time.
type Kinds struct {
	mapper meta.RESTMapper
	retry  time.Duration

	mu      sync.Mutex
	missing map[schema.GroupVersionKind]time.Time
	known   map[schema.GroupVersionKind]bool
}

// NewKinds looks again for a missing kind after retry.
func NewKinds(mapper meta.RESTMapper, retry time.Duration) *Kinds {
	return &Kinds{
		mapper: mapper, retry: retry,
		missing: map[schema.GroupVersionKind]time.Time{}, known: map[schema.GroupVersionKind]bool{},
	}
}

// Installed reports whether the API server serves a kind. A kind that was found once is not
// looked up again; after its removal, requests for it fail.
func (k *Kinds) Installed(kind schema.GroupVersionKind) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known[kind] {
		return true, nil
	}
	if at, ok := k.missing[kind]; ok && time.Since(at) < k.retry {
		return false, nil
	}
	_, err := k.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		k.missing[kind] = time.Now()
		return false, nil
	}
	if err != nil {
		return false, err
	}
	delete(k.missing, kind)
	k.known[kind] = true
	return true, nil
}

// Retry is how long a missing kind is remembered.
func (k *Kinds) Retry() time.Duration { return k.retry }
