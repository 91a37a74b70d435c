package lobby

import (
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestNamesAndPasswordsAreBounded(t *testing.T) {
	if name, err := cleanName(strings.Repeat("é", maxNameLength), "name"); err != nil || name == "" {
		t.Error(err)
	}
	_, err := cleanName(strings.Repeat("é", maxNameLength+1), "name")
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"})
	p := testPolicy()
	if err := p.CheckPassword(strings.Repeat("x", maxPasswordBytes), "password"); err != nil {
		t.Error(err)
	}
	err = p.CheckPassword(strings.Repeat("é", maxPasswordBytes/2+1), "password")
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"})
}
