package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/anteroom/anteroom/runtime/internal/infra/config"
)

// minSecret is the least bytes of a shared secret: as many as HS256 puts out.
const minSecret = 32

// fileKeys are keys from a file, read again whenever it changes. A change for
// the bad is logged, and the keys read before stay.
type fileKeys struct {
	file    *config.File
	parse   func([]byte) (lookup, error)
	log     *slog.Logger
	current atomic.Pointer[lookup]
}

// lookup finds a key by kid and algorithm, or errKeyUnknown.
type lookup func(kid, alg string) (any, error)

func newFileKeys(path string, parse func([]byte) (lookup, error), log *slog.Logger) (*fileKeys, error) {
	file, data, err := config.OpenFile(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	keys, err := parse(data)
	if err != nil {
		return nil, err
	}
	f := &fileKeys{file: file, parse: parse, log: log}
	f.current.Store(&keys)
	return f, nil
}

func (f *fileKeys) find(_ context.Context, kid, alg string) (any, error) {
	return (*f.current.Load())(kid, alg)
}

func (f *fileKeys) run(ctx context.Context) {
	f.file.Watch(ctx, func(data []byte, err error) {
		var keys lookup
		if err == nil {
			keys, err = f.parse(data)
		}
		if err != nil {
			f.log.ErrorContext(ctx, "new keys refused, the old ones stay", "error", err)
			return
		}
		f.current.Store(&keys)
		f.log.InfoContext(ctx, "keys read again")
	})
}

// parseSecret reads a shared secret: the bytes of the file, without the newline
// that editors end a text with. Its kid is of no matter.
func parseSecret(data []byte) (lookup, error) {
	secret := data
	if text := bytes.TrimRight(data, "\r\n"); printable(text) {
		secret = text
	}
	if len(secret) < minSecret {
		return nil, errors.New("the shared secret has less than 32 bytes")
	}
	return func(_, alg string) (any, error) {
		if alg != "HS256" {
			return nil, errKeyUnknown
		}
		return secret, nil
	}, nil
}

func printable(text []byte) bool {
	return !bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// parseSet reads a JWK set.
func parseSet(data []byte) (lookup, error) {
	set, err := readSet(data)
	if err != nil {
		return nil, err
	}
	return set.find, nil
}
