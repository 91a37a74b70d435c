package lobby

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

// t0 is when the tests begin.
var t0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const testID = "01JD8Q3V9Z0000000000000000"

func number(f float64) *float64 { return &f }

// testPolicy has every rule switched on and small numbers.
func testPolicy() Policy {
	return Policy{
		Name: "duel", Revision: "r1", Type: "duel",
		Size: SizePolicy{Min: 2, Max: 4, Spectators: 1},
		Visibility: VisibilityPolicy{
			Default: wire.VisibilityPublic,
			Allowed: []wire.Visibility{wire.VisibilityPublic, wire.VisibilityPrivate, wire.VisibilityFriends},
		},
		Join: JoinPolicy{
			Code:     CodePolicy{Enabled: true, Length: 6},
			Password: PasswordPolicy{Allowed: true, MinLength: 4}, MaxPerUser: 1,
		},
		Host:  HostPolicy{Migration: MigrateOldest, Grace: 10 * time.Second, OnLeave: OnLeaveMigrate},
		Ready: ReadyPolicy{ClearOnChange: true},
		Teams: TeamPolicy{Count: 2, Size: 2},
		Attributes: []AttributeRule{
			{Key: "map", Type: AttributeString, WritableBy: WriterHost, Enum: []string{"dust", "ice"}, Default: "dust"},
			{Key: "rounds", Type: AttributeNumber, WritableBy: WriterHost, Min: number(1), Max: number(9)},
			{Key: "ranked", Type: AttributeBoolean, WritableBy: WriterServer, Default: false},
			{Key: "hero", Type: AttributeString, WritableBy: WriterMember, MaxLength: 5},
		},
		Limits:     AttributeLimits{Keys: 10, Bytes: 256},
		Chat:       ChatPolicy{Enabled: true, MaxLength: 100},
		Moderation: ModerationPolicy{Kick: true, BanTTL: time.Minute},
		Lifecycle: LifecyclePolicy{
			DisconnectGrace: 30 * time.Second, EmptyTimeout: time.Minute,
			IdleTimeout: 15 * time.Minute, MaxLifetime: 2 * time.Hour,
		},
	}
}

// by makes the actor of a user with one session.
func by(user string) Actor { return Actor{ID: user, Name: "Name " + user, Session: user + "-1"} }

// lobbyOf makes a lobby of which the first user is the host, the others players
// who came a second apart.
func lobbyOf(t testing.TB, p Policy, users ...string) Lobby {
	t.Helper()
	l, _, err := Create(p, CreateCommand{ID: testID, Code: "ABC234", Host: by(users[0])}, t0)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	for i, user := range users[1:] {
		l = after(t)(l.Join(JoinCommand{User: by(user)}, t0.Add(time.Duration(i+1)*time.Second)))
	}
	return l
}

// after fails the test when a command was refused.
func after(t testing.TB) func(Lobby, []wire.LobbyPatch, error) Lobby {
	return func(l Lobby, _ []wire.LobbyPatch, err error) Lobby {
		t.Helper()
		if err != nil {
			t.Fatalf("the command was refused: %v", err)
		}
		return l
	}
}

// refusalOf is the *wire.Error of a command; without its text, which is for humans.
func refusalOf(err error) *wire.Error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	bare := *refusal
	bare.Message = ""
	return &bare
}

func wantRefusal(t *testing.T, err error, want *wire.Error) {
	t.Helper()
	if want == nil && err != nil {
		t.Fatalf("refused: %v", err)
	}
	if d := cmp.Diff(want, refusalOf(err)); d != "" {
		t.Errorf("refusal of %v (-want +got):\n%s", err, d)
	}
}

// plain is a value as JSON has it.
func plain(t testing.TB, v any) any {
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

func causes(patches []wire.LobbyPatch) []string {
	var all []string
	for _, p := range patches {
		all = append(all, string(p.Cause.Type)+" "+p.Cause.ActorID+" "+p.Cause.Reason)
	}
	return all
}

func hosts(l Lobby) int {
	return l.count(func(m Member) bool { return m.Role == wire.RoleHost })
}
