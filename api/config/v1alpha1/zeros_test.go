package v1alpha1

import (
	"reflect"
	"strings"
	"testing"
)

// absentZeros are the numbers and switches of which zero and absence mean the same, by
// their comments.
var absentZeros = map[string]bool{
	"RuntimeConfig.api.redisEmitter":         true,
	"RuntimeConfig.observability.playground": true,
	"ServerStatus.redis.memoryPercent":       true, // absent below 60 %
	// Servers of earlier versions refuse fields that they do not know.
	"RuntimeConfig.notifications.topicScopes":   true,
	"RuntimeConfig.notifications.chat.direct":   true,
	"RuntimeConfig.notifications.chat.mentions": true,
}

// TestZerosAreWritten: every number of the files and of the report is written, also when
// it is zero, so that no reader needs a default; what policies and queues hold is tested
// with their own kinds.
func TestZerosAreWritten(t *testing.T) {
	left := map[string]bool{}
	for name := range absentZeros {
		left[name] = true
	}
	for _, root := range []any{RuntimeConfig{}, PolicySet{}, ServerStatus{}} {
		of := reflect.TypeOf(root)
		eachNumber(of.Name(), of, func(path, options string) {
			if delete(left, path); options != "" && !absentZeros[path] {
				t.Errorf("%s is left out when it is zero: take %q away, or make it a pointer", path, options)
			}
		})
	}
	for path := range left {
		t.Errorf("%s is declared and is no field", path)
	}
}

// eachNumber visits the fields of this package that are numbers or switches, with what
// their JSON tags say besides the name.
func eachNumber(path string, of reflect.Type, visit func(path, options string)) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		eachNumber(path, of.Elem(), visit)
	case reflect.Struct:
		if of.PkgPath() != reflect.TypeFor[RuntimeConfig]().PkgPath() {
			return
		}
		for i := range of.NumField() {
			name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if kind := of.Field(i).Type.Kind(); kind == reflect.Bool || kind >= reflect.Int && kind <= reflect.Float64 {
				visit(path+"."+name, options)
			}
			eachNumber(path+"."+name, of.Field(i).Type, visit)
		}
	}
}
