package apply

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds caches which kinds are not installed, because each check costs requests.
type Kinds struct {
	mapper meta.RESTMapper
	retry  time.Duration

	mu      sync.Mutex
	missing map[schema.GroupVersionKind]time.Time
	known   map[schema.GroupVersionKind]bool
}

// NewKinds returns a Kinds that checks a missing kind again after retry.
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

// Retry is the time for which a missing kind is cached.
func (k *Kinds) Retry() time.Duration { return k.retry }
