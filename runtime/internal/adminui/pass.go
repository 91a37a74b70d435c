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

// passes make and check what a browser keeps in place of the token. They hold nothing
// but a key: a pass says until when it is good, and ends with the token that it was made
// for and with this process.
type passes struct{ key [32]byte }

func newPasses() *passes {
	p := &passes{}
	_, _ = rand.Read(p.key[:]) // it never fails
	return p
}

// make gives a pass that is good until a time, in whole seconds.
func (p *passes) make(token string, until time.Time) string {
	date := strconv.FormatInt(until.Unix(), 10)
	return date + "." + base64.RawURLEncoding.EncodeToString(p.sum(token, date))
}

// check tells until when a pass is good; false if it is not, or no longer.
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
	mac.Write([]byte(date + "." + token)) // no date has a dot
	return mac.Sum(nil)
}
