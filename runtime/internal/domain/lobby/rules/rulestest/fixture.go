package rulestest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// T0 is the start time of the tests.
var T0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// LobbyID is the id of the lobbies.
const LobbyID = "01JD8Q3V9Z0000000000000000"

// Number returns a pointer to a number.
func Number(f float64) *float64 { return &f }

// Policy returns a policy with every rule enabled and small numbers.
func Policy() rules.Policy {
	return rules.Policy{
		Name: "duel", Revision: "r1", Type: "duel",
		Size: rules.SizePolicy{Min: 2, Max: 4, Spectators: 1},
		Visibility: rules.VisibilityPolicy{
			Default: wire.VisibilityPublic,
			Allowed: []wire.Visibility{wire.VisibilityPublic, wire.VisibilityPrivate, wire.VisibilityFriends},
		},
		Join: rules.JoinPolicy{
			Code:     rules.CodePolicy{Enabled: true, Length: 6},
			Password: rules.PasswordPolicy{Allowed: true, MinLength: 4}, MaxPerUser: 1,
		},
		Host:  rules.HostPolicy{Migration: rules.MigrateOldest, Grace: 10 * time.Second, OnLeave: rules.OnLeaveMigrate},
		Ready: rules.ReadyPolicy{ClearOnChange: true},
		Teams: rules.TeamPolicy{Count: 2, Size: 2},
		Attributes: []rules.AttributeRule{
			{Key: "map", Type: rules.AttributeString, WritableBy: rules.WriterHost, Enum: []string{"dust", "ice"}, Default: "dust"},
			{Key: "rounds", Type: rules.AttributeNumber, WritableBy: rules.WriterHost, Min: Number(1), Max: Number(9)},
			{Key: "ranked", Type: rules.AttributeBoolean, WritableBy: rules.WriterServer, Default: false},
			{Key: "hero", Type: rules.AttributeString, WritableBy: rules.WriterMember, MaxLength: 5},
		},
		Limits:     rules.AttributeLimits{Keys: 10, Bytes: 256},
		Chat:       rules.ChatPolicy{Enabled: true, MaxLength: 100},
		Moderation: rules.ModerationPolicy{Kick: true, BanTTL: time.Minute},
		Lifecycle: rules.LifecyclePolicy{
			DisconnectGrace: 30 * time.Second, EmptyTimeout: time.Minute,
			IdleTimeout: 15 * time.Minute, MaxLifetime: 2 * time.Hour,
		},
	}
}

// Actor returns a user with one session.
func Actor(user string) rules.Actor {
	return rules.Actor{ID: user, Name: "Name " + user, Session: user + "-1"}
}

// Lobby returns a lobby whose host is the first user. The other users joined as players, a
// second apart.
func Lobby(t testing.TB, p rules.Policy, users ...string) rules.Lobby {
	t.Helper()
	l, _, err := rules.Create(p, rules.CreateCommand{ID: LobbyID, Code: "ABC234", Host: Actor(users[0])}, T0)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	for i, user := range users[1:] {
		l = After(t)(l.Join(rules.JoinCommand{User: Actor(user)}, T0.Add(time.Duration(i+1)*time.Second)))
	}
	return l
}

// After returns the lobby after a command, and fails the test after a refusal.
func After(t testing.TB) func(rules.Lobby, []wire.LobbyPatch, error) rules.Lobby {
	return func(l rules.Lobby, _ []wire.LobbyPatch, err error) rules.Lobby {
		t.Helper()
		if err != nil {
			t.Fatalf("the command was refused: %v", err)
		}
		return l
	}
}

// RefusalOf returns the *wire.Error of a command without its text.
func RefusalOf(err error) *wire.Error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	bare := *refusal
	bare.Message = ""
	return &bare
}

// WantRefusal compares the *wire.Error of a command without its text; nil wants no error.
func WantRefusal(t *testing.T, err error, want *wire.Error) {
	t.Helper()
	if want == nil && err != nil {
		t.Fatalf("refused: %v", err)
	}
	if d := cmp.Diff(want, RefusalOf(err)); d != "" {
		t.Errorf("refusal of %v (-want +got):\n%s", err, d)
	}
}

// Plain returns a value as JSON decodes it.
func Plain(t testing.TB, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Causes returns the type, actor and reason of each patch.
func Causes(patches []wire.LobbyPatch) []string {
	var all []string
	for _, p := range patches {
		all = append(all, string(p.Cause.Type)+" "+p.Cause.ActorID+" "+p.Cause.Reason)
	}
	return all
}

// Hosts returns the number of members with the role of the host.
func Hosts(l rules.Lobby) int {
	n := 0
	for _, m := range l.Members {
		if m.Role == wire.RoleHost {
			n++
		}
	}
	return n
}
