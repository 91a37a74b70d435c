package request

import (
	"reflect"
	"testing"
	"time"
)

// decides says for each field of a User whether it may decide what a user is allowed to do.
var decides = map[string]bool{
	"ID": true, "Scopes": true, "Provider": true, "Claims": true,
	"Name": false, "ExpiresAt": false, "IssuedAt": false, "TokenID": false,
}

// TestRightsHoldEverythingThatDecides changes each field of a user: the rights differ
// exactly when the field decides.
func TestRightsHoldEverythingThatDecides(t *testing.T) {
	others := map[string]any{
		"ID": "bob", "Name": "Bob", "Scopes": []string{"chat:moderate"}, "Provider": "other", "TokenID": "x",
		"ExpiresAt": time.Unix(1, 0), "IssuedAt": time.Unix(1, 0), "Claims": map[string]any{"rank": 2.0},
	}
	for _, before := range []User{{ID: "ann"}, {ID: "ann", Scopes: []string{"a"}, Provider: "p", Claims: map[string]any{"rank": 1.0}}} {
		typ := reflect.TypeOf(before)
		for i := range typ.NumField() {
			name := typ.Field(i).Name
			want, listed := decides[name]
			if !listed {
				t.Errorf("say whether User.%s decides what a user is allowed to do", name)
				continue
			}
			after := before
			reflect.ValueOf(&after).Elem().Field(i).Set(reflect.ValueOf(others[name]))
			if got := before.Rights() != after.Rights(); got != want {
				t.Errorf("another %s: the rights differ is %v, want %v", name, got, want)
			}
		}
	}
}

func TestRightsDoNotDependOnTheOrderOfScopes(t *testing.T) {
	of := func(scopes ...string) Rights { return User{ID: "ann", Scopes: scopes}.Rights() }
	if of("a", "b") != of("b", "a", "b") {
		t.Error("the order of scopes makes other rights")
	}
	if of("ab") == of("a", "b") || of("a") == of("") || of() == of("") {
		t.Error("different scopes make the same rights")
	}
}
