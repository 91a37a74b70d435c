package peer

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// KeyLength is the number of characters of a session id that identify the session's pod.
const KeyLength = 8

const (
	// lookAgain is the shortest pause between reads of the leases for an unknown key. It
	// bounds the reads that invented ids cause.
	lookAgain = 250 * time.Millisecond
	// lookTimeout is the timeout of one read.
	lookTimeout = time.Second
)

// Endpoint is the address at which a pod accepts requests forwarded by other pods. Each
// process has a new endpoint.
type Endpoint struct {
	// Key is the prefix of the pod's session ids: KeyLength characters of A-Za-z0-9-_.
	Key string
	// Address is the pod's peer listener, as host:port.
	Address string
	// Token authorizes requests to the endpoint; only readers of the leases know it.
	Token string
}

// NewEndpoint makes the endpoint of this process, with a random key and token.
func NewEndpoint(address string) Endpoint {
	return Endpoint{Key: random(KeyLength * 3 / 4), Address: address, Token: random(24)}
}

// random returns n random bytes as base64url; crypto/rand does not fail.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Book is the store of the endpoints, each with its own lease. Errors wrap
// stream.ErrUnavailable.
type Book interface {
	// Announce extends the lease of an endpoint by ttl, and returns all endpoints with a
	// live lease.
	Announce(ctx context.Context, e Endpoint, ttl time.Duration) ([]Endpoint, error)
	// Withdraw ends the lease of an endpoint.
	Withdraw(ctx context.Context, e Endpoint) error
}

// Directory announces this pod's endpoint and knows the endpoints of the other pods. While
// the store is unavailable it keeps the last known endpoints.
type Directory struct {
	book          Book
	self          Endpoint
	interval, ttl time.Duration
	log           *slog.Logger

	// looking is held during a read of the leases; looked is the time of the last read.
	looking sync.Mutex
	looked  time.Time

	mu    sync.RWMutex
	known map[string]Endpoint
}

// NewDirectory makes a directory; Run announces its endpoint. interval is the time between
// announcements, ttl the duration of the lease.
func NewDirectory(book Book, self Endpoint, interval, ttl time.Duration, log *slog.Logger) *Directory {
	return &Directory{book: book, self: self, interval: interval, ttl: ttl, log: log}
}

// Self returns this pod's endpoint.
func (d *Directory) Self() Endpoint { return d.self }

// Run announces the endpoint until ctx ends, and then withdraws it.
func (d *Directory) Run(ctx context.Context) {
	for ctx.Err() == nil {
		d.look(ctx, 0)
		pause(ctx, d.interval)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := d.book.Withdraw(end, d.self); err != nil {
		d.log.Warn("endpoint not withdrawn; its lease will expire", "error", err)
	}
}

// Owner returns the endpoint of another, live pod that made a session id.
func (d *Directory) Owner(ctx context.Context, id string) (Endpoint, bool) {
	if len(id) <= KeyLength || id[:KeyLength] == d.self.Key {
		return Endpoint{}, false
	}
	key := id[:KeyLength]
	if e, ok := d.find(key); ok {
		return e, true
	}
	d.look(ctx, lookAgain)
	return d.find(key)
}

// Others returns the other live pods as of the last announcement, sorted by address.
func (d *Directory) Others() []Endpoint {
	d.mu.RLock()
	defer d.mu.RUnlock()
	others := make([]Endpoint, 0, len(d.known))
	for key, e := range d.known {
		if key != d.self.Key {
			others = append(others, e)
		}
	}
	slices.SortFunc(others, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return others
}

func (d *Directory) find(key string) (Endpoint, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, ok := d.known[key]
	return e, ok
}

// look announces and reads the leases, unless the last read is less than rest ago.
func (d *Directory) look(ctx context.Context, rest time.Duration) {
	d.looking.Lock()
	defer d.looking.Unlock()
	if rest > 0 && time.Since(d.looked) < rest {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	all, err := d.book.Announce(ctx, d.self, d.ttl)
	d.looked = time.Now()
	if err != nil {
		d.log.Warn("endpoint not announced; will retry", "error", err)
		return
	}
	known := make(map[string]Endpoint, len(all))
	for _, e := range all {
		known[e.Key] = e
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = known
}
