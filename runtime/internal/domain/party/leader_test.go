package party

import (
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestRegenerateCode(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.client("bob")
	p := ann.create()
	ask := func(key string) (wire.PartyCode, error) {
		reply, err := ann.h.RegenerateCode(t.Context(), ann.keyed(key), &wire.PartyNewCode{PartyID: p.ID})
		if err != nil {
			return wire.PartyCode{}, err
		}
		return reply.Data.(wire.PartyCode), nil
	}
	first, err := ask("k")
	if err != nil || first.Code == p.Code {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = bob.join(p.Code)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if again, err := ask("k"); err != nil || again != first {
		t.Errorf("repeated: %+v (%v), want %+v", again, err, first)
	}
	_, err = ask("k2")
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: rules.CodePause.Milliseconds() + 1})
	_, err = bob.h.RegenerateCode(t.Context(), bob.call, &wire.PartyNewCode{PartyID: p.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	w.state(bob.join(first.Code))
	w.pass(rules.CodePause)
	second, err := ask("k3")
	if err != nil || second.Code == first.Code {
		t.Errorf("%+v, %v", second, err)
	}
	if again, err := ask("k"); err != nil || again.Code != first.Code {
		t.Errorf("the first request again: %+v (%v), want its own answer %+v", again, err, first)
	}
}
