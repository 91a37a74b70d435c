package presence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/wire"
)

// t0 is the start time of the tests.
var t0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var testRules = Rules{AwayAfter: 5 * time.Minute}

func ptr[T any](v T) *T { return &v }

// step is an event of a user.
type step func(t *testing.T, u User, now time.Time) User

func open(id string) step {
	return func(_ *testing.T, u User, now time.Time) User { u, _ = u.Open(id, testRules, now); return u }
}

func closed(id string) step {
	return func(_ *testing.T, u User, now time.Time) User { u, _ = u.Close(id, testRules, now); return u }
}

func set(id string, status wire.PresenceStatus) step {
	return func(t *testing.T, u User, now time.Time) User {
		t.Helper()
		u, _, err := u.Set(id, &wire.PresenceSet{Status: status}, testRules, now)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
}

func enter(kind PlaceKind, id string) step {
	return func(_ *testing.T, u User, now time.Time) User { u, _ = u.Enter(kind, id, testRules, now); return u }
}

func exit(kind PlaceKind, id string) step {
	return func(_ *testing.T, u User, now time.Time) User { u, _ = u.Exit(kind, id, testRules, now); return u }
}

func act(id string) step {
	return func(_ *testing.T, u User, now time.Time) User { u, _ = u.Act(id, testRules, now); return u }
}

// TestMerge: each step takes two minutes.
func TestMerge(t *testing.T) {
	idle := func(_ *testing.T, u User, _ time.Time) User { return u }
	cases := []struct {
		name  string
		steps []step
		want  wire.PresenceStatus
		self  wire.PresenceStatus // "" means the same
	}{
		{"nobody", nil, wire.PresenceOffline, ""},
		{"one device", []step{open("a")}, wire.PresenceOnline, ""},
		{"one of two goes", []step{open("a"), open("b"), closed("a")}, wire.PresenceOnline, ""},
		{"both go", []step{open("a"), open("b"), closed("a"), closed("b")}, wire.PresenceOffline, ""},
		{"closed twice", []step{open("a"), open("b"), closed("a"), closed("a")}, wire.PresenceOnline, ""},
		{"away on one of two", []step{open("a"), open("b"), set("a", wire.PresenceAway)}, wire.PresenceOnline, ""},
		{"away on both", []step{open("a"), open("b"), set("a", wire.PresenceAway), set("b", wire.PresenceAway)}, wire.PresenceAway, ""},
		{"online again", []step{open("a"), set("a", wire.PresenceAway), set("a", wire.PresenceOnline)}, wire.PresenceOnline, ""},
		{"inactive", []step{open("a"), idle, idle, idle}, wire.PresenceAway, ""},
		{"active again", []step{open("a"), idle, idle, idle, act("a")}, wire.PresenceOnline, ""},
		{"busy", []step{open("a"), set("a", wire.PresenceBusy)}, wire.PresenceBusy, ""},
		{"busy is for all devices", []step{open("a"), set("a", wire.PresenceBusy), open("b"), closed("a")}, wire.PresenceBusy, ""},
		{"invisible", []step{open("a"), set("a", wire.PresenceInvisible)}, wire.PresenceOffline, wire.PresenceInvisible},
		{"invisible in a lobby", []step{open("a"), set("a", wire.PresenceInvisible), enter(InLobby, "l")}, wire.PresenceOffline, wire.PresenceInvisible},
		{"queue", []step{open("a"), enter(InQueue, "q")}, wire.PresenceInQueue, ""},
		{"lobby before queue", []step{open("a"), enter(InLobby, "l"), enter(InQueue, "q")}, wire.PresenceInLobby, ""},
		{"match before lobby", []step{open("a"), enter(InMatch, "l"), enter(InLobby, "l")}, wire.PresenceInMatch, ""},
		{"match is over", []step{open("a"), enter(InLobby, "l"), enter(InMatch, "l"), exit(InMatch, "l")}, wire.PresenceInLobby, ""},
		{"one of two lobbies", []step{open("a"), enter(InLobby, "l"), enter(InLobby, "m"), exit(InLobby, "l")}, wire.PresenceInLobby, ""},
		{"places before busy", []step{open("a"), set("a", wire.PresenceBusy), enter(InLobby, "l")}, wire.PresenceInLobby, ""},
		{"left the lobby busy", []step{open("a"), set("a", wire.PresenceBusy), enter(InLobby, "l"), exit(InLobby, "l")}, wire.PresenceBusy, ""},
		{"a member without connection", []step{open("a"), enter(InLobby, "l"), closed("a")}, wire.PresenceOffline, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u, now := User{ID: "ann"}, t0
			for _, s := range c.steps {
				u = s(t, u, now)
				now = now.Add(2 * time.Minute)
			}
			now = now.Add(-2 * time.Minute)
			if got := u.View(testRules, now).Status; got != c.want {
				t.Errorf("others see %s, want %s", got, c.want)
			}
			self := c.self
			if self == "" {
				self = c.want
			}
			if got := u.Self(testRules, now).Status; got != self {
				t.Errorf("it sees %s, want %s", got, self)
			}
		})
	}
}

func TestLastSeen(t *testing.T) {
	u, _ := User{ID: "ann"}.Open("a", testRules, t0)
	u, _ = u.Close("a", testRules, t0.Add(time.Minute))
	if v := u.View(testRules, t0.Add(time.Hour)); v.LastSeen != ms(t0.Add(time.Minute)) {
		t.Errorf("%+v", v)
	}
	hidden := set("a", wire.PresenceInvisible)(t, u, t0.Add(2*time.Minute))
	hidden, _, _ = hidden.Set("a", &wire.PresenceSet{Text: ptr("secret"), Data: json.RawMessage(`1`)}, testRules, t0.Add(3*time.Minute))
	hidden, _ = hidden.Close("a", testRules, t0.Add(4*time.Minute))
	v := hidden.View(testRules, t0.Add(time.Hour))
	if v.LastSeen != ms(t0.Add(2*time.Minute)) || v.Text != "" || v.Data != nil {
		t.Errorf("others see of an invisible user %+v", v)
	}
}

func TestSetRefusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		req   wire.PresenceSet
		field string
	}{
		{"a status of the platform", wire.PresenceSet{Status: wire.PresenceInMatch}, "status"},
		{"offline", wire.PresenceSet{Status: wire.PresenceOffline}, "status"},
		{"data", wire.PresenceSet{Data: json.RawMessage(`"` + strings.Repeat("x", maxData) + `"`)}, "data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := User{ID: "ann"}.Open("a", testRules, t0)
			_, changed, err := before.Set("a", &c.req, testRules, t0)
			var refused *wire.Error
			if !errors.As(err, &refused) || refused.Code != wire.CodeInvalidArgument || refused.Field != c.field || changed {
				t.Errorf("changed %v, %v", changed, err)
			}
			if before.Own != "" || before.Data != nil {
				t.Errorf("the receiver changed to %+v, want it unchanged", before)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	u := User{ID: "ann"}
	for i := range maxSessions + 3 {
		u, _ = u.Open(fmt.Sprint(i), testRules, t0.Add(time.Duration(i)*time.Second))
		u, _ = u.Enter(InQueue, fmt.Sprint(i), testRules, t0.Add(time.Duration(i)*time.Second))
	}
	if _, oldest := u.Sessions["0"]; len(u.Sessions) != maxSessions || oldest || len(u.Places) != maxPlaces {
		t.Errorf("%d sessions, %d places", len(u.Sessions), len(u.Places))
	}
}

// TestUserProperties applies random changes in any order. The shown status always follows from
// the state, and a deadline is scheduled before a user becomes away.
func TestUserProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, now := User{ID: "ann", Shown: wire.PresenceOffline}, t0
		session, place := rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]PlaceKind{InMatch, InLobby, InQueue})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			next := now.Add(time.Duration(rapid.Int64Range(0, int64(4*time.Minute)).Draw(t, "pass")))
			if look, wanted := u.NextDeadline(testRules, now); wanted && !look.After(next) {
				u, _ = u.Tick(testRules, look)
			}
			now = next
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				u, _ = u.Open(session.Draw(t, "session"), testRules, now)
			case 1:
				u, _ = u.Close(session.Draw(t, "session"), testRules, now)
			case 2:
				u, _ = u.Act(session.Draw(t, "session"), testRules, now)
			case 3:
				status := rapid.SampledFrom([]wire.PresenceStatus{"online", "away", "busy", "invisible", ""}).Draw(t, "status")
				u, _, _ = u.Set(session.Draw(t, "session"), &wire.PresenceSet{Status: status}, testRules, now)
			case 4:
				u, _ = u.Enter(place.Draw(t, "kind"), "x", testRules, now)
			case 5:
				u, _ = u.Exit(place.Draw(t, "kind"), "x", testRules, now)
			}
			v := u.View(testRules, now)
			switch {
			case v.Status != u.Shown:
				t.Fatalf("shown %s, want %s", u.Shown, v.Status)
			case !u.Online() && v.Status != wire.PresenceOffline, u.Own == wire.PresenceInvisible && v.Status != wire.PresenceOffline:
				t.Fatalf("%+v is seen as %s", u, v.Status)
			case u.Online() && u.Own != wire.PresenceInvisible && u.isIn(InMatch) && v.Status != wire.PresenceInMatch:
				t.Fatalf("status %s in a match, want in_match", v.Status)
			}
		}
	})
}
