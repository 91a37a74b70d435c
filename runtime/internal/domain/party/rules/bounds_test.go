package rules_test

import (
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestKeysOfAttributesAreBounded(t *testing.T) {
	if _, err := withKey(strings.Repeat("k", rules.MaxKeyLength)); err != nil {
		t.Error(err)
	}
	key := strings.Repeat("k", rules.MaxKeyLength+1)
	_, err := withKey(key)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes." + key})
}

// withKey creates a party with an attribute.
func withKey(key string) (rules.Party, error) {
	p, _, err := rules.Create(rules.CreateCommand{ID: rulestest.PartyID, Leader: rulestest.Actor("ann"), Attributes: wire.Attributes{key: 1.0}}, rulestest.T0)
	return p, err
}
