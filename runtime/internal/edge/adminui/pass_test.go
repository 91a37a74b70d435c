package adminui

import (
	"strings"
	"testing"
	"time"
)

func TestPassIsBoundToItsTokenAndExpiry(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := newPasses()
	pass := p.make("token", now.Add(time.Minute))
	date, sum, _ := strings.Cut(pass, ".")
	if until, good := p.check(pass, "token", now); !good || !until.Equal(now.Add(time.Minute)) {
		t.Errorf("until %v, good %v", until, good)
	}
	if strings.Contains(pass, "token") {
		t.Errorf("pass %s contains the token", pass)
	}
	for name, check := range map[string]struct {
		pass, token string
		by          *passes
		at          time.Time
	}{
		"expired":         {pass, "token", p, now.Add(time.Minute)},
		"another token":   {pass, "token2", p, now},
		"another process": {pass, "token", newPasses(), now},
		"later date":      {"1800000061." + sum, "token", p, now},
		"moved dot":       {date[:9] + "." + sum, date[9:] + ".token", p, now},
		"truncated":       {pass[:len(pass)-1], "token", p, now},
		"no sum":          {date + ".", "token", p, now},
		"no dot":          {date, "token", p, now},
		"nothing":         {"", "token", p, now},
	} {
		if until, good := check.by.check(check.pass, check.token, check.at); good {
			t.Errorf("%s: valid until %v, want invalid", name, until)
		}
	}
}
