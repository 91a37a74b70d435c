package rules_test

import (
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestNamesAndPasswordsAreBounded(t *testing.T) {
	if name, err := nameOf(strings.Repeat("é", rules.MaxNameLength)); err != nil || name == "" {
		t.Error(err)
	}
	_, err := nameOf(strings.Repeat("é", rules.MaxNameLength+1))
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"})
	p := rulestest.Policy()
	if err := p.CheckPassword(strings.Repeat("x", rules.MaxPasswordBytes), "password"); err != nil {
		t.Error(err)
	}
	err = p.CheckPassword(strings.Repeat("é", rules.MaxPasswordBytes/2+1), "password")
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"})
}

// nameOf creates a lobby with a name, and returns the name that the lobby keeps.
func nameOf(name string) (string, error) {
	l, _, err := rules.Create(rulestest.Policy(), rules.CreateCommand{ID: rulestest.LobbyID, Host: rulestest.Actor("ann"), Name: name}, rulestest.T0)
	return l.Name, err
}
