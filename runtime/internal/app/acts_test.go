package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestRequestsThatReachNobodyReachNobody sends every request whose row says that it reaches
// nobody else, on a server with users in every relation, and compares the streams and the
// inboxes of all other users before and after it.
func TestRequestsThatReachNobodyReachNobody(t *testing.T) {
	schema, r, seen := readContract(t), newRealm(t), 0
	events := schema.events()
	// What ends something comes last.
	last := func(event string) int {
		return strings.Index("none:delete:mute:start:cancelStart", cmp.Or(ends.FindString(event), "none"))
	}
	slices.SortStableFunc(events, func(a, b string) int { return last(a) - last(b) })
	for _, event := range events {
		in := badInputs[event]
		if budget.Acts[event].Nobody == "" || event == wire.EventSessionRefresh {
			continue
		}
		r.quiet()
		before := r.others(in.by)
		if a := r.grants(event, in, schema.request(event)); !a.OK && !strings.Contains(event, "activity") && !strings.Contains(event, "typing") {
			t.Errorf("%s by %s: %s", event, in.by, a.refusal())
		}
		r.quiet()
		if after := r.others(in.by); !maps.Equal(before, after) {
			t.Errorf("%s by %s has reached others:\n%s", event, in.by, changed(before, after))
		}
		seen++
	}
	if seen < 30 {
		t.Errorf("only %d requests were sent", seen)
	}
}

// others are how many events the streams of all users but one hold, and how far their inboxes
// are. Badges do not count: after a change, a user is sent its own badge once more.
func (r *realm) others(user string) map[string]string {
	r.t.Helper()
	far := map[string]string{}
	for _, key := range r.redis.Keys() {
		if owner, is := strings.CutPrefix(key, "rt:{notify:"); is && strings.HasSuffix(key, "}:h") && owner != user+"}:h" {
			far[key] = r.redis.HGet(key, "s")
		}
		if owner, is := strings.CutPrefix(key, "rt:{user:"); is && strings.HasSuffix(key, "}:l") && owner != user+"}:l" {
			events, err := r.redis.List(key)
			if err != nil {
				r.t.Fatal(err)
			}
			events = slices.DeleteFunc(slices.Clone(events), func(e string) bool { return strings.Contains(e, wire.EventNotifyBadge) })
			far[key] = strings.Join(events, "\n")
		}
	}
	return far
}

// TestAnInviteIsRefusedAfterSomeAndRepeatedForNothing: the refusal names when to come again, a
// repeat of a carried out request gets the first answer, and a refused key is free.
func TestAnInviteIsRefusedAfterSomeAndRepeatedForNothing(t *testing.T) {
	r := startReady(t, nil, "casual")
	ann := connectWebSocket(t, r.client, "ann")
	var made struct{ Party struct{ ID string } }
	ann.granted(wire.EventPartyCreate, map[string]any{}, &made)
	invite := func(key string) answer {
		return ann.ask(wire.EventPartyInvite, map[string]any{"partyId": made.Party.ID, "userId": "victim", "key": key})
	}
	first := invite("k0")
	for n := 1; n < 6; n++ {
		if a := invite(fmt.Sprint("k", n)); !a.OK {
			t.Fatalf("invite %d: %+v", n, a)
		}
	}
	for range 3 {
		if a := invite("k6"); a.refusal() != "rate_limited" || a.Error.RetryAfterMs <= 0 {
			t.Errorf("the seventh: %+v", a)
		}
		if a := invite("k0"); !a.OK || string(a.Data) != string(first.Data) {
			t.Errorf("the first again: %+v, want %s", a, first.Data)
		}
	}
	_, metrics := r.get(r.admin + "/metrics")
	if !strings.Contains(metrics, `anteroom_budget_refusals_total{budget="invites",scope="pair"} 3`) {
		t.Error("the refusals are not counted")
	}
}
