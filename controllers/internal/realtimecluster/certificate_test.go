package realtimecluster

import (
	"bytes"
	"testing"
	"time"

	"github.com/anteroom/anteroom/controllers/internal/desired"
)

func TestIssue(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	first, err := issue(desired.Certificate{}, "arena-redis.games.svc", now)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		known         desired.Certificate
		name          string
		at            time.Time
		cert, keepsCA bool
	}{
		"good":                {first, "arena-redis.games.svc", now.Add(leafLifetime / 2), true, true},
		"near its end":        {first, "arena-redis.games.svc", now.Add(leafLifetime - renewBefore + time.Hour), false, true},
		"for another name":    {first, "other.games.svc", now, false, true},
		"its key is lost":     {desired.Certificate{CA: first.CA, CAKey: first.CAKey, Cert: first.Cert}, "arena-redis.games.svc", now, false, true},
		"its authority is so": {desired.Certificate{CA: first.CA, Key: first.Key}, "arena-redis.games.svc", now, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := issue(tc.known, tc.name, tc.at)
			if err != nil {
				t.Fatal(err)
			}
			if kept := bytes.Equal(got.Cert, first.Cert); kept != tc.cert {
				t.Errorf("certificate kept: %v, want %v", kept, tc.cert)
			}
			if kept := bytes.Equal(got.CA, first.CA); kept != tc.keepsCA {
				t.Errorf("authority kept: %v, want %v", kept, tc.keepsCA)
			}
			if !valid(got, tc.name, tc.at) {
				t.Error("got an invalid new certificate")
			}
		})
	}
}
