package party

import (
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestKeysOfAttributesAreBounded(t *testing.T) {
	if _, err := write(nil, wire.Attributes{strings.Repeat("k", maxKeyLength): 1.0}, nil); err != nil {
		t.Error(err)
	}
	key := strings.Repeat("k", maxKeyLength+1)
	_, err := write(nil, wire.Attributes{key: 1.0}, nil)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes." + key})
}
