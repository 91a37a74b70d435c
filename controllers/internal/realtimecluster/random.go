package realtimecluster

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// random returns n letters and digits, each with equal probability.
func random(n int) (string, error) {
	out := make([]byte, n)
	for i := range out {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("generate a random value: %w", err)
		}
		out[i] = alphabet[at.Int64()]
	}
	return string(out), nil
}
