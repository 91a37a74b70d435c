package schema

import (
	"reflect"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// TestTextsAreNormalised fills each text of each request with a decomposed letter and wants
// the composed letter after the check, so that no handler compares or stores another form.
func TestTextsAreNormalised(t *testing.T) {
	const decomposed, composed = "e\u0301", "\u00e9"
	s, found := New(), 0
	for _, r := range requests {
		request := reflect.New(reflect.TypeOf(r))
		fields := textFields(request.Elem())
		for path, field := range fields {
			put(field, decomposed)
			found++
			_ = s.check(request.Interface()) // refuses the empty required fields
			if got := first(field); got != composed {
				t.Errorf("%T.%s is %q after the check, want %q", r, path, got, composed)
			}
		}
	}
	if found < 15 {
		t.Errorf("found %d texts, want at least 15", found)
	}
}

// textFields returns the fields of a struct with a tag of texts, by their paths.
func textFields(v reflect.Value) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type.Kind() == reflect.Struct {
			for path, field := range textFields(v.Field(i)) {
				found[f.Name+"."+path] = field
			}
			continue
		}
		for tag := range strings.SplitSeq(f.Tag.Get("validate"), ",") {
			if _, is := texts[tag]; is {
				found[f.Name] = v.Field(i)
			}
		}
	}
	return found
}

func put(field reflect.Value, text string) {
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.ValueOf(&text))
	case reflect.Map:
		field.Set(reflect.ValueOf(wire.Attributes{"mood": text}))
	default:
		field.SetString(text)
	}
}

func first(field reflect.Value) string {
	switch field = reflect.Indirect(field); field.Kind() {
	case reflect.Map:
		return field.Interface().(wire.Attributes)["mood"].(string)
	default:
		return field.String()
	}
}
