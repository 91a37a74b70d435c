package rulestest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// T0 is the start time of the tests.
var T0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// PartyID is the id of the parties.
const PartyID = "01JD8Q3V9Z0000000000000000"

// Actor returns a user with one session.
func Actor(user string) rules.Actor {
	return rules.Actor{ID: user, Name: "Name " + user, Session: user + "-1"}
}

// Party returns a party whose leader is the first user. The others joined a second apart.
func Party(t testing.TB, users ...string) rules.Party {
	t.Helper()
	p, _, err := rules.Create(rules.CreateCommand{ID: PartyID, Code: "ABCD2345", Leader: Actor(users[0])}, T0)
	if err != nil {
		t.Fatal(err)
	}
	for i, user := range users[1:] {
		cmd := rules.JoinCommand{User: Actor(user), MembershipID: user, Code: p.Code}
		p, _, err = p.Join(cmd, T0.Add(time.Duration(i+1)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// WantRefusal compares the *wire.Error of a command without its text.
func WantRefusal(t *testing.T, err error, want *wire.Error) {
	t.Helper()
	var got *wire.Error
	if errors.As(err, &got) {
		bare := *got
		bare.Message = ""
		got = &bare
	} else if err != nil {
		t.Fatalf("not a refusal: %v", err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("refusal of %v (-want +got):\n%s", err, d)
	}
}

// Causes returns the type, actor and reason of each patch.
func Causes(patches []wire.PartyPatch) []string {
	var all []string
	for _, p := range patches {
		text := string(p.Cause.Type) + " " + p.Cause.ActorID
		if p.Cause.Reason != "" {
			text += ": " + p.Cause.Reason
		}
		all = append(all, text)
	}
	return all
}
