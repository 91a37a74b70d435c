package search

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"github.com/anteroom/anteroom/runtime/wire"
)

func fingerprintOf(parts ...any) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, parts...)
	return h.Sum32()
}

type cursor struct {
	Print uint32 `json:"p"`
	Key   []byte `json:"k"`
	ID    string `json:"i"`
}

func (q Query) cursor(m Mark) string {
	data, err := json.Marshal(cursor{q.fingerprint, []byte(m.Key), m.ID})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func (q *Query) resume(text string) error {
	if text == "" {
		return nil
	}
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Print != q.fingerprint || c.ID == "" {
		return wire.Invalid("cursor", "this cursor is not of this search")
	}
	q.after = Mark{Key: string(c.Key), ID: c.ID}
	return nil
}
