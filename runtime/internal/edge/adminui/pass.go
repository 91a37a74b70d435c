package adminui

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// passes make and check passes, which a browser keeps in place of the token. They store
// nothing but a key: a pass contains its expiry. It is valid for the token for which it was
// made, in this process only.
type passes struct{ key [32]byte }

func newPasses() *passes {
	p := &passes{}
	_, _ = rand.Read(p.key[:]) // never fails
	return p
}

// make returns a pass that is valid until a time, in whole seconds.
func (p *passes) make(token string, until time.Time) string {
	date := strconv.FormatInt(until.Unix(), 10)
	return date + "." + base64.RawURLEncoding.EncodeToString(p.sum(token, date))
}

// check returns the expiry of a pass; false if it is invalid or has expired.
func (p *passes) check(pass, token string, now time.Time) (until time.Time, good bool) {
	date, sum, _ := strings.Cut(pass, ".")
	brought, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(brought, p.sum(token, date)) {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(date, 10, 64)
	until = time.Unix(seconds, 0)
	return until, err == nil && now.Before(until)
}

func (p *passes) sum(token, date string) []byte {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write([]byte(date + "." + token)) // a date contains no dot
	return mac.Sum(nil)
}
