package lobby

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/crypto/bcrypt"
)

// passwords hashes and compares passwords, only a few at once: each takes tens
// of milliseconds of a core by design, and must not keep the others from theirs.
type passwords struct {
	cost  int
	slots chan struct{}
}

func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = bcrypt.DefaultCost
	}
	return &passwords{cost: cost, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// hash gives the hash of a password of at most maxPasswordBytes; "" for none.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(hash), nil
}

// match tells whether a password has this hash.
func (p *passwords) match(ctx context.Context, hash, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return true, nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

func (p *passwords) leave() { <-p.slots }
