package serverapi

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// zeros declares what 0 means in each number of a request. All of these are plain
// numbers, so that 0 and a member that is left out mean the same.
var zeros = map[string]string{
	"EventRequest.ttlMs":                "as long as inboxes keep it",
	"LobbyCreateRequest.arriveWithinMs": "10 minutes",
	"LobbyQuery.limit":                  "50",
	"NotificationRequest.ttlMs":         "as long as inboxes keep it",
	"RevokeRequest.ttlMs":               "30 days, or a day with banned",
	"ChatMuteRequest.forMs":             "ten minutes",
	"TicketRequest.latencies":           "an entry of 0 differs from none",
}

// TestEveryNumberOfARequestDeclaresItsZero goes through the types of all routes, so that a
// new number fails until its 0 is declared.
func TestEveryNumberOfARequestDeclaresItsZero(t *testing.T) {
	found := map[string]bool{}
	for _, r := range newStand(t).server.routes {
		if r.request != nil {
			numbersOf(t, r.request, found, map[reflect.Type]bool{})
		}
	}
	for at := range found {
		if _, declared := zeros[at]; !declared {
			t.Errorf("%s: say in this test what its 0 means", at)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(zeros)) {
		if !found[at] {
			t.Errorf("%s is declared here but is in no request", at)
		}
	}
}

// numbersOf collects the numbers of a type and of what it is made of, and refuses those
// whose 0 is silently another thing than their absence.
func numbersOf(t *testing.T, typ reflect.Type, found map[string]bool, seen map[reflect.Type]bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || seen[typ] {
		return
	}
	seen[typ] = true
	for _, f := range reflect.VisibleFields(typ) {
		of := f.Type
		for of.Kind() == reflect.Map {
			of = of.Elem()
		}
		switch of.Kind() {
		case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64, reflect.Float64:
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			found[typ.Name()+"."+name] = true
			if !strings.Contains(options, "omitempty") {
				t.Errorf("%s.%s: 0 is as absent, so it is optional", typ.Name(), name)
			}
		default:
			numbersOf(t, of, found, seen)
		}
	}
}
