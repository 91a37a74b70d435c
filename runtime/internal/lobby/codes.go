package lobby

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The spaces of names that lobbies use.
const (
	codeSpace   = "lobby-code"
	createSpace = "lobby-create"
	joinSpace   = "lobby-join"
)

// codeAlphabet has the digits and letters that are hard to mistake for another.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeTries is how many codes are tried before a create is refused as
// unavailable: with codes of the default length that does not happen.
const codeTries = 8

func newCode(length int) string {
	code := make([]byte, 0, length)
	// Bytes beyond the last whole multiple of the alphabet are dropped, so that all
	// letters are equally likely.
	const fair = 256 / len(codeAlphabet) * len(codeAlphabet)
	for len(code) < length {
		var random [32]byte
		_, _ = rand.Read(random[:]) // never fails
		for _, b := range random {
			if int(b) < fair && len(code) < length {
				code = append(code, codeAlphabet[int(b)%len(codeAlphabet)])
			}
		}
	}
	return string(code)
}

// tidyCode is a code as it was given out, from what a user typed.
func tidyCode(typed string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, typed))
}

// claimCode finds a free join code and takes it; "" when the policy wants none.
// The name outlives the code's own TTL with the lobby, so that those who come
// with an old code can be told so.
func (s *Service) claimCode(ctx context.Context, l Lobby) (string, error) {
	policy := l.Policy.Join.Code
	if !policy.Enabled {
		return "", nil
	}
	for range codeTries {
		code := newCode(min(max(policy.Length, 4), 16))
		mine, err := s.Names.Claim(ctx, codeSpace, code, l.ID, s.keep(l))
		if err != nil {
			return "", fmt.Errorf("claim a join code: %w", err)
		}
		if mine {
			return code, nil
		}
	}
	return "", wire.Refuse(wire.CodeUnavailable, "no join code is free right now")
}

// byCode finds the lobby of a join code.
func (s *Service) byCode(ctx context.Context, code string) (string, error) {
	id, err := s.Names.Owner(ctx, codeSpace, code)
	if errors.Is(err, stream.ErrNotFound) {
		return "", wire.Refuse(wire.CodeNotFound, "no lobby has this code")
	}
	if err != nil {
		return "", fmt.Errorf("look up a join code: %w", err)
	}
	return id, nil
}

// newID gives an id of a kind to a request, to name what it makes. A keyed request
// gets the same id each time it is repeated.
func (s *Service) newID(ctx context.Context, space, userID, key string) (string, error) {
	id, err := ulid.New(ulid.Timestamp(s.Now()), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	if key == "" {
		return id.String(), nil
	}
	sum := sha256.Sum256([]byte(userID + "\x00" + key))
	name := hex.EncodeToString(sum[:])
	mine, err := s.Names.Claim(ctx, space, name, id.String(), s.IdempotencyTTL)
	if err != nil {
		return "", fmt.Errorf("claim an id: %w", err)
	}
	if mine {
		return id.String(), nil
	}
	first, err := s.Names.Owner(ctx, space, name)
	if err != nil {
		return "", fmt.Errorf("look up an id: %w", err)
	}
	return first, nil
}

// validID tells whether this can be the id of a lobby at all.
func validID(id string) bool {
	parsed, err := ulid.ParseStrict(id)
	return err == nil && parsed.String() == id
}
