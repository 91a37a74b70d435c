package request

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"slices"
)

// Rights is everything of a user that may decide what the user is allowed to do: the id,
// the provider, the scopes and the claims. It is comparable. A cache of a decision must
// have it in its key, so that a session never acts by the rights of another session.
type Rights struct {
	userID string
	// of is a digest of provider, scopes and claims; all zero when there are none.
	of [sha256.Size]byte
}

// Rights returns the rights of the user's token. The order of scopes and duplicate scopes make no
// difference.
func (u User) Rights() Rights {
	r := Rights{userID: u.ID}
	if u.Provider == "" && len(u.Scopes) == 0 && len(u.Claims) == 0 {
		return r
	}
	scopes := slices.Clone(u.Scopes)
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	h := sha256.New()
	digest(h, u.Provider)
	for _, scope := range scopes {
		digest(h, scope)
	}
	// Claims are numbers, booleans and texts, which JSON encodes with sorted names.
	claims, err := json.Marshal(u.Claims)
	if err != nil {
		claims = nil
	}
	_ = binary.Write(h, binary.BigEndian, int64(-1)) // the end of the scopes; a hash takes all writes
	h.Write(claims)
	h.Sum(r.of[:0])
	return r
}

// digest writes a text with its length, so that no two lists of texts are written alike.
func digest(h hash.Hash, text string) {
	_ = binary.Write(h, binary.BigEndian, int64(len(text)))
	h.Write([]byte(text))
}
