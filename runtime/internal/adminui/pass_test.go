package adminui

import (
	"strings"
	"testing"
	"time"
)

func TestAPassIsGoodForItsTokenAndItsTime(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := newPasses()
	pass := p.make("token", now.Add(time.Minute))
	date, sum, _ := strings.Cut(pass, ".")
	if until, good := p.check(pass, "token", now); !good || !until.Equal(now.Add(time.Minute)) {
		t.Errorf("until %v, good %v", until, good)
	}
	if strings.Contains(pass, "token") {
		t.Errorf("%s has the token", pass)
	}
	for name, check := range map[string]struct {
		pass, token string
		by          *passes
		at          time.Time
	}{
		"its time is up":  {pass, "token", p, now.Add(time.Minute)},
		"another token":   {pass, "token2", p, now},
		"another process": {pass, "token", newPasses(), now},
		"a later date":    {"1800000061." + sum, "token", p, now},
		"a split moved":   {date[:9] + "." + sum, date[9:] + ".token", p, now},
		"half of it":      {pass[:len(pass)-1], "token", p, now},
		"no sum":          {date + ".", "token", p, now},
		"no dot":          {date, "token", p, now},
		"nothing":         {"", "token", p, now},
	} {
		if until, good := check.by.check(check.pass, check.token, check.at); good {
			t.Errorf("%s: good until %v", name, until)
		}
	}
}
