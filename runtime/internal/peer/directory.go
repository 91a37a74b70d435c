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

// KeyLength is how many characters of a session id name the pod that made it.
const KeyLength = 8

const (
	// lookAgain is how soon the leases are read again for a key that is not known,
	// so that made-up ids cost the store at most so many reads.
	lookAgain = 250 * time.Millisecond
	// lookTimeout bounds one reading.
	lookTimeout = time.Second
)

// Endpoint is where a pod takes the requests that other pods forward to it. A
// new process is a new endpoint.
type Endpoint struct {
	// Key begins the id of every session that the pod made: KeyLength characters of
	// A-Za-z0-9-_.
	Key string
	// Address is the pod's peer listener, as host:port.
	Address string
	// Token opens it. Only those who can read the leases know it.
	Token string
}

// NewEndpoint makes the endpoint of this process, with a key and a token that no
// process had before.
func NewEndpoint(address string) Endpoint {
	return Endpoint{Key: random(KeyLength * 3 / 4), Address: address, Token: random(24)}
}

// random gives n random bytes as base64url; crypto/rand does not fail.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Book is what the store keeps of the endpoints: each with a lease of its own.
// Errors wrap stream.ErrUnavailable.
type Book interface {
	// Announce extends the lease of an endpoint by ttl, and gives all endpoints
	// whose lease has not lapsed.
	Announce(ctx context.Context, e Endpoint, ttl time.Duration) ([]Endpoint, error)
	// Withdraw ends the lease of an endpoint.
	Withdraw(ctx context.Context, e Endpoint) error
}

// Directory keeps this pod's endpoint announced and knows those of the others.
// While the store is away it goes by what it knew last.
type Directory struct {
	book          Book
	self          Endpoint
	interval, ttl time.Duration
	log           *slog.Logger

	// looking is held while the leases are read; looked is when they last were.
	looking sync.Mutex
	looked  time.Time

	mu    sync.RWMutex
	known map[string]Endpoint
}

// NewDirectory makes a directory; Run keeps it. Interval is between announcements,
// ttl how long one holds.
func NewDirectory(book Book, self Endpoint, interval, ttl time.Duration, log *slog.Logger) *Directory {
	return &Directory{book: book, self: self, interval: interval, ttl: ttl, log: log}
}

// Self is this pod's endpoint.
func (d *Directory) Self() Endpoint { return d.self }

// Run announces until ctx ends, then withdraws.
func (d *Directory) Run(ctx context.Context) {
	for ctx.Err() == nil {
		d.look(ctx, 0)
		pause(ctx, d.interval)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := d.book.Withdraw(end, d.self); err != nil {
		d.log.Warn("the pod's endpoint was not withdrawn; its lease lapses by itself", "error", err)
	}
}

// Owner finds the pod that made a session id, if that is another one and it lives.
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

// Others are the pods that live beside this one, as of the last announcement, by
// their addresses.
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

// look announces and reads the leases, unless that was done less than rest ago.
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
		d.log.Warn("the pod's endpoint was not announced", "error", err)
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
