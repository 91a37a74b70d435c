package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	fetchTimeout  = 5 * time.Second  // for one fetch, all of it
	refreshEvery  = 10 * time.Minute // while fetches succeed
	retryFirst    = time.Second      // after a failure, then twice as long each time
	retryMost     = time.Minute
	askEvery      = 10 * time.Second // between fetches for the sake of unknown kids
	keysGoodFor   = 24 * time.Hour   // without a successful fetch
	retryAfter    = 2 * time.Second  // told to clients
	maxKeySetSize = 1 << 20          // bytes of an answer
)

// remoteKeys are the keys behind a URL. They are fetched in the background, and
// at once, though not more often than every 10 s, when a token names a key that
// is not among them. While fetches fail the keys last fetched stay good for a day.
type remoteKeys struct {
	source string
	client *http.Client
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	set     keySet
	fetched time.Time // when set was
	asked   time.Time // when a fetch last began
	failure error     // of the last fetch
	flight  chan struct{}
}

func newRemoteKeys(source string, log *slog.Logger, options Options) *remoteKeys {
	return &remoteKeys{
		source: source, log: log, now: options.Now,
		client: &http.Client{
			Transport: options.Transport,
			// The configuration names the URL, and no server may name another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (r *remoteKeys) find(ctx context.Context, kid, alg string) (any, error) {
	if key, err := r.lookup(kid, alg); err == nil {
		return key, nil
	}
	if err := r.refresh(ctx, askEvery); err != nil {
		return nil, err
	}
	return r.lookup(kid, alg)
}

// errNoKeys means that there are no keys to look among.
var errNoKeys = errors.New("no keys yet")

func (r *remoteKeys) lookup(kid, alg string) (any, error) {
	r.mu.Lock()
	set, age := r.set, r.now().Sub(r.fetched)
	r.mu.Unlock()
	if set == nil || age > keysGoodFor {
		return nil, errNoKeys
	}
	return set.find(kid, alg)
}

// run fetches ahead of need, so that no client waits for keys.
func (r *remoteKeys) run(ctx context.Context) {
	retry := retryFirst
	for ctx.Err() == nil {
		wait := refreshEvery
		if r.refresh(ctx, 0) != nil {
			wait = retry
			retry = min(2*retry, retryMost)
		} else {
			retry = retryFirst
		}
		// Pods that started together should not ask together.
		timer := time.NewTimer(wait - time.Duration(rand.Int64N(int64(wait/10)+1)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// refresh fetches the set, unless a fetch began less than apart ago, and waits
// for the fetch that is under way. It returns how the last fetch ended.
func (r *remoteKeys) refresh(ctx context.Context, apart time.Duration) error {
	r.mu.Lock()
	if r.flight == nil {
		if !r.asked.IsZero() && r.now().Sub(r.asked) < apart {
			defer r.mu.Unlock()
			return r.failure
		}
		r.flight = make(chan struct{})
		r.asked = r.now()
		go r.fly(context.WithoutCancel(ctx), r.flight)
	}
	flight := r.flight
	r.mu.Unlock()

	select {
	case <-flight:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// fly fetches once for all who wait. It is nobody's request, so nobody's
// cancellation ends it; a timeout does.
func (r *remoteKeys) fly(ctx context.Context, done chan struct{}) {
	set, err := r.fetch(ctx)
	r.mu.Lock()
	before := r.failure
	if err == nil {
		r.set, r.fetched = set, r.now()
	}
	r.failure, r.flight = err, nil
	r.mu.Unlock()
	close(done)

	switch {
	case err != nil && before == nil:
		r.log.WarnContext(ctx, "keys cannot be fetched", "error", err)
	case err == nil && before != nil:
		r.log.InfoContext(ctx, "keys can be fetched again")
	}
}

func (r *remoteKeys) fetch(ctx context.Context) (keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.source, http.NoBody)
	if err != nil {
		return nil, errors.New("fetching the JWK set: its URL is not one")
	}
	answer, err := r.client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL, of which the query may be a secret
		}
		return nil, fmt.Errorf("fetching the JWK set: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching the JWK set: the server answered %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySetSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the JWK set: %w", err)
	}
	if len(data) > maxKeySetSize {
		return nil, fmt.Errorf("the JWK set has more than %d bytes", maxKeySetSize)
	}
	return readSet(data)
}
