// Package auth finds out who is behind a token: a JWT signed by one of the
// configured providers, or in Anonymous mode whatever the client calls itself.
//
// Keys come only from the configured source (a URL, a file), never from a token: its jku, x5u,
// x5c and jwk headers are ignored. Neither tokens nor keys appear in errors or logs.
package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Options are what an Authenticator needs besides its configuration. The zero
// value is good for production.
type Options struct {
	// Log receives failures to load keys; nil means [slog.Default].
	Log *slog.Logger
	// Now is the clock that tokens are held against; nil means [time.Now].
	Now func() time.Time
	// Transport carries the requests for JWK sets; nil means one of its own with
	// the system's roots and proxy.
	Transport http.RoundTripper
	// Claim tells which further claims of a token are kept; it is asked at each login. Nil
	// keeps none.
	Claim func(name string) bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	if o.Claim == nil {
		o.Claim = func(string) bool { return false }
	}
	return o
}

func newTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    fetchTimeout,
		MaxIdleConnsPerHost:    1,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Authenticator turns tokens into users. It is safe for concurrent use.
type Authenticator struct {
	anonymous bool
	// byIssuer are the providers for tokens of one issuer, others those for the
	// tokens of every issuer that none of these names.
	byIssuer map[string][]*provider
	others   []*provider
}

// New prepares the providers of a valid configuration. It reads key files, and
// fails when one of them is missing or bad; JWK sets behind a URL are fetched
// by [Authenticator.Run] and when a token first needs them.
func New(cfg v1alpha1.Auth, options Options) (*Authenticator, error) {
	options = options.withDefaults()
	a := &Authenticator{anonymous: cfg.Mode == v1alpha1.AuthAnonymous, byIssuer: map[string][]*provider{}}
	if a.anonymous {
		return a, nil
	}
	for _, c := range cfg.Providers {
		keys, err := newKeySource(c, options)
		if err != nil {
			return nil, fmt.Errorf("auth provider %q: %w", c.Name, err)
		}
		p := newProvider(c, keys, options)
		if c.Issuer == "" {
			a.others = append(a.others, p)
		} else {
			a.byIssuer[c.Issuer] = append(a.byIssuer[c.Issuer], p)
		}
	}
	return a, nil
}

// Run keeps the keys fresh until ctx ends: JWK sets are fetched again in the
// background, and files when they change.
func (a *Authenticator) Run(ctx context.Context) {
	var all sync.WaitGroup
	start := func(providers []*provider) {
		for _, p := range providers {
			all.Go(func() { p.keys.run(ctx) })
		}
	}
	for _, providers := range a.byIssuer {
		start(providers)
	}
	start(a.others)
	all.Wait()
}

// Authenticate returns the user behind a token. Its errors are *wire.Error with
// unauthenticated, token_expired, or (retryable) unavailable when the keys to
// judge by cannot be had now. It blocks only while keys are fetched, at most a
// few seconds, and no longer than ctx.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (request.User, error) {
	if a.anonymous {
		return newGuest(token), nil
	}
	header, err := inspect(token)
	if err != nil {
		return request.User{}, err
	}
	providers := a.byIssuer[header.issuer]
	if len(providers) == 0 {
		providers = a.others
	}
	refusal := refuse("the token's issuer (iss) is not accepted here")
	for i, p := range providers {
		user, err := p.verify(ctx, token)
		if err == nil {
			return user, nil
		}
		if i == 0 || weight(err) > weight(refusal) {
			refusal = err
		}
	}
	return request.User{}, refusal
}

// weight orders the refusals of several providers: the refusal of a provider that verified the
// signature comes first, then that of a provider that could not verify it.
func weight(e *wire.Error) int {
	switch e.Code {
	case wire.CodeTokenExpired:
		return 2
	case wire.CodeUnavailable:
		return 1
	}
	return 0
}

func refuse(message string) *wire.Error {
	return wire.Refuse(wire.CodeUnauthenticated, message)
}
