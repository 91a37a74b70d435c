package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

const (
	// loginWithin bounds the question whether a password is good.
	loginWithin = 2 * time.Second
	// askAgain is for how long a refused password is not tried again.
	askAgain = 2 * time.Second
)

// credential is the password that the server logs in to Redis with. A rotation reaches a
// server's file and Redis at different times: while Redis refuses the file's password, the
// one before it, which Redis takes until all servers report the new one, goes on.
type credential struct {
	// last is the password of the last login.
	last atomic.Pointer[string]

	mu   sync.Mutex
	good string // the last that Redis took, or the first
	// refused is the file's that Redis refused at a time.
	refused   string
	refusedAt time.Time
}

// watch chooses each password that the options give, and notes it.
func (c *credential) watch(o *redisstore.Options) {
	read := o.Password
	if read == nil {
		return
	}
	o.Password = func() (string, error) {
		password, err := read()
		if err != nil {
			return "", err
		}
		password = c.choose(password, o.Login, time.Now())
		c.last.Store(&password)
		return password, nil
	}
}

// choose gives the file's password, or the last good one while Redis refuses the file's.
func (c *credential) choose(password string, login func(context.Context, string) error, now time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.good == "" || password == c.good:
		c.good = password // the first one is all there is
		return password
	case password == c.refused && now.Sub(c.refusedAt) < askAgain:
		return c.good
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginWithin)
	defer cancel()
	switch err := login(ctx, password); {
	case redisstore.Refused(err):
		c.refused, c.refusedAt = password, now
		return c.good
	case err == nil:
		c.good = password
	}
	return password // when Redis cannot be asked, no password helps
}

// revision tells which one it was; empty when there is none or no admin token to keep
// it secret with.
func (c *credential) revision(tokenFile string) string {
	last := c.last.Load()
	if last == nil || tokenFile == "" {
		return ""
	}
	token, err := readCredential(tokenFile)
	if err != nil || token == "" {
		return ""
	}
	return v1alpha1.CredentialRevision(token, *last)
}
