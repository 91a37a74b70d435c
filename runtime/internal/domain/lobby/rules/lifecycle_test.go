package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// scene plays commands on a lobby at moments after t0.
type scene struct {
	testing.TB
	l rules.Lobby
}

func (s *scene) do(want []string, next rules.Lobby, patches []wire.LobbyPatch, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("refused: %v", err)
	}
	if d := cmp.Diff(want, rulestest.Causes(patches)); d != "" {
		s.Errorf("causes (-want +got):\n%s", d)
	}
	s.l = next
	if h := rulestest.Hosts(next); !next.Closed() && next.Players() > 0 && h != 1 {
		s.Errorf("%d hosts among %d players", h, next.Players())
	}
}

func (s *scene) tick(at time.Duration, want ...string) {
	s.Helper()
	next, patches, err := s.l.Tick(0, rulestest.T0.Add(at))
	s.do(want, next, patches, err)
}

func (s *scene) drop(user string, at time.Duration) {
	s.Helper()
	next, patches, err := s.l.Disconnect(user, user+"-1", rulestest.T0.Add(at))
	s.do([]string{"member_disconnected " + user + " "}, next, patches, err)
}

func (s *scene) leave(user string, at time.Duration, want ...string) {
	s.Helper()
	next, patches, err := s.l.Leave(rules.Actor{ID: user}, 0, rulestest.T0.Add(at))
	s.do(want, next, patches, err)
}

// due checks the next deadline of the lobby.
func (s *scene) due(at time.Duration) {
	s.Helper()
	if got, ok := s.l.NextTick(); !ok || !got.Equal(rulestest.T0.Add(at)) {
		s.Errorf("the next deadline is %v (%v), want %v", got.Sub(rulestest.T0), ok, at)
	}
}

func newScene(t testing.TB, change func(*rules.Policy), users ...string) *scene {
	p := rulestest.Policy()
	if change != nil {
		change(&p)
	}
	return &scene{TB: t, l: rulestest.Lobby(t, p, users...)}
}

const second = time.Second

func TestDisconnectGrace(t *testing.T) {
	s := newScene(t, nil, "ann", "bob")
	s.due(15*time.Minute + second)
	s.drop("bob", 5*second)
	s.due(35 * second)
	s.tick(35*second - time.Millisecond)
	s.tick(35*second, "member_timed_out bob ")
	want := []rules.Departure{{UserID: "bob", Reason: rules.ReasonTimedOut, Version: s.l.Version, At: rulestest.T0.Add(35 * second).UnixMilli()}}
	if d := cmp.Diff(want, s.l.Departed); d != "" {
		t.Error(d)
	}
}

func TestReconnectWithinGrace(t *testing.T) {
	s := newScene(t, nil, "ann", "bob")
	s.drop("bob", 5*second)
	next, patches, err := s.l.Reconnect("bob", "bob-2", rulestest.T0.Add(20*second))
	s.do([]string{"member_reconnected bob "}, next, patches, err)
	s.tick(60 * second)
	next, patches, err = s.l.Disconnect("bob", "bob-1", rulestest.T0.Add(61*second))
	s.do(nil, next, patches, err)
	if !s.l.Members["bob"].Connected() {
		t.Error("the late end of an old session disconnected a newer one")
	}
}

func TestConnectedWithAnySession(t *testing.T) {
	s := newScene(t, nil, "ann", "bob")
	next, patches, err := s.l.Reconnect("bob", "bob-2", rulestest.T0)
	s.do([]string{"member_updated bob "}, next, patches, err)
	next, patches, err = s.l.Reconnect("bob", "bob-2", rulestest.T0)
	s.do(nil, next, patches, err)
	next, patches, err = s.l.Disconnect("bob", "bob-1", rulestest.T0)
	s.do([]string{"member_updated bob "}, next, patches, err)
	if !s.l.Members["bob"].Connected() {
		t.Error("bob has a session but is not connected")
	}
	next, patches, err = s.l.Disconnect("bob", "bob-2", rulestest.T0)
	s.do([]string{"member_disconnected bob "}, next, patches, err)
	next, patches, err = s.l.Disconnect("eve", "eve-1", rulestest.T0)
	s.do(nil, next, patches, err)
	next, patches, err = s.l.Reconnect("eve", "eve-1", rulestest.T0)
	s.do(nil, next, patches, err)
}

func TestSessionsAreBounded(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann")
	for i := range 2 * liveness.MaxSessions {
		l = rulestest.After(t)(l.Reconnect("ann", fmt.Sprint("s", i), rulestest.T0))
	}
	sessions := l.Members["ann"].Sessions
	if len(sessions) != liveness.MaxSessions || sessions[liveness.MaxSessions-1] != fmt.Sprint("s", 2*liveness.MaxSessions-1) {
		t.Errorf("sessions %v", sessions)
	}
}

func TestHostMigrates(t *testing.T) {
	s := newScene(t, nil, "ann", "bob", "cid")
	s.drop("bob", 5*second)
	s.drop("ann", 6*second)
	s.due(16 * second)
	s.tick(16*second-time.Millisecond, []string(nil)...)
	s.tick(16*second, "host_migrated ann disconnected")
	if s.l.HostID != "cid" {
		t.Errorf("the host is %s, want cid, who is connected", s.l.HostID)
	}
	next, patches, err := s.l.Reconnect("ann", "ann-2", rulestest.T0.Add(17*second))
	s.do([]string{"member_reconnected ann "}, next, patches, err)
	if s.l.HostID != "cid" || s.l.Members["ann"].Role != wire.RoleMember {
		t.Error("who comes back takes the host's role back")
	}
}

func TestHostWaitsForAnHeir(t *testing.T) {
	s := newScene(t, nil, "ann", "bob")
	s.drop("bob", 0)
	s.drop("ann", second)
	s.due(30 * second)
	s.tick(20 * second)
	next, patches, err := s.l.Reconnect("bob", "bob-2", rulestest.T0.Add(20*second))
	s.do([]string{"member_reconnected bob "}, next, patches, err)
	s.tick(20*second, "host_migrated ann disconnected")
}

func TestAllTimeOut(t *testing.T) {
	s := newScene(t, nil, "ann", "bob", "cid")
	for _, user := range []string{"ann", "bob", "cid"} {
		s.drop(user, second)
	}
	s.tick(31*second, "member_timed_out bob ", "member_timed_out cid ", "member_timed_out ann ")
	if s.l.HostID != "" {
		t.Errorf("an empty lobby has the host %s", s.l.HostID)
	}
	s.due(91 * second)
	s.tick(91*second, "closed  empty")
	if _, ok := s.l.NextTick(); ok {
		t.Error("a closed lobby has a deadline")
	}
	s.tick(99 * second)
}

func TestManyTimeOutInSteps(t *testing.T) {
	p := rulestest.Policy()
	p.Size.Max = 20
	users := []string{"ann"}
	for i := range 19 {
		users = append(users, fmt.Sprintf("u%02d", i))
	}
	s := &scene{TB: t, l: rulestest.Lobby(t, p, users...)}
	for _, user := range users {
		s.drop(user, 20*second)
	}
	for _, left := range []int{12, 4, 0} {
		next, patches, err := s.l.Tick(0, rulestest.T0.Add(50*second))
		if err != nil || len(patches) > 16 || next.Players() != left {
			t.Fatalf("%d patches, %d players left, %v", len(patches), next.Players(), err)
		}
		s.l = next
		if at, ok := s.l.NextTick(); left > 0 && (!ok || at.After(rulestest.T0.Add(50*second))) {
			t.Error("with members overdue the next look is later")
		}
	}
}

func TestHostLeaves(t *testing.T) {
	set := func(m rules.Migration, o rules.OnLeave) func(*rules.Policy) {
		return func(p *rules.Policy) { p.Host.Migration, p.Host.OnLeave = m, o }
	}
	for name, tc := range map[string]struct {
		policy func(*rules.Policy)
		users  []string
		want   []string
		host   string
	}{
		"oldest":                   {set(rules.MigrateOldest, rules.OnLeaveMigrate), []string{"ann", "bob", "cid"}, []string{"host_migrated ann left", "member_left ann "}, "bob"},
		"random":                   {set(rules.MigrateRandom, rules.OnLeaveMigrate), []string{"ann", "bob", "cid"}, []string{"host_migrated ann left", "member_left ann "}, "bob"},
		"close":                    {set(rules.MigrateOldest, rules.OnLeaveClose), []string{"ann", "bob"}, []string{"closed ann host_left"}, "ann"},
		"close, alone":             {set(rules.MigrateOldest, rules.OnLeaveClose), []string{"ann"}, []string{"closed ann host_left"}, "ann"},
		"nobody may follow":        {set(rules.MigrateNone, rules.OnLeaveMigrate), []string{"ann", "bob"}, []string{"closed ann host_left"}, "ann"},
		"nobody may follow, alone": {set(rules.MigrateNone, rules.OnLeaveMigrate), []string{"ann"}, []string{"member_left ann "}, ""},
		"alone":                    {set(rules.MigrateOldest, rules.OnLeaveMigrate), []string{"ann"}, []string{"member_left ann "}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, tc.policy, tc.users...)
			s.leave("ann", second, tc.want...)
			if s.l.HostID != tc.host {
				t.Errorf("the host is %q, want %q", s.l.HostID, tc.host)
			}
		})
	}
}

func TestRandomMigration(t *testing.T) {
	p := rulestest.Policy()
	p.Host.Migration = rules.MigrateRandom
	l := rulestest.Lobby(t, p, "ann", "bob", "cid", "dan")
	seen := map[string]bool{}
	for random := range uint64(3) {
		seen[rulestest.After(t)(l.Leave(rules.Actor{ID: "ann"}, random, rulestest.T0)).HostID] = true
	}
	if d := cmp.Diff(map[string]bool{"bob": true, "cid": true, "dan": true}, seen); d != "" {
		t.Error(d)
	}
}

func TestHostTimesOut(t *testing.T) {
	never := func(p *rules.Policy) { p.Host.Migration = rules.MigrateNone }
	s := newScene(t, never, "ann", "bob")
	s.drop("ann", second)
	s.due(31 * second)
	s.tick(20 * second)
	s.tick(31*second, "closed ann host_timed_out")

	s = newScene(t, func(p *rules.Policy) { p.Host.Grace = time.Hour }, "ann", "bob")
	s.drop("ann", second)
	s.tick(31*second, "host_migrated ann timed_out", "member_timed_out ann ")
}

func TestEmptyLobby(t *testing.T) {
	s := newScene(t, nil, "ann")
	next, patches, err := s.l.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0)
	s.do([]string{"member_joined sue "}, next, patches, err)
	s.leave("ann", second, "member_left ann ")
	s.due(61 * second)
	next, patches, err = s.l.Join(rules.JoinCommand{User: rulestest.Actor("bob")}, rulestest.T0.Add(30*second))
	s.do([]string{"member_joined bob "}, next, patches, err)
	if s.l.HostID != "bob" || s.l.EmptySince != 0 {
		t.Error("the first player of an empty lobby is not its host")
	}
	s.leave("bob", 40*second, "member_left bob ")
	s.tick(100*second, "closed  empty")
}

func TestIdleLobby(t *testing.T) {
	s := newScene(t, nil, "ann")
	s.due(15 * time.Minute)
	next, patches, err := s.l.Ready("ann", true, rulestest.T0.Add(10*time.Minute))
	s.do([]string{"member_ready ann "}, next, patches, err)
	s.tick(15 * time.Minute)
	s.l = s.l.WithActivity(rulestest.T0.Add(12 * time.Minute))
	s.due(27 * time.Minute)
	s.tick(27*time.Minute, "closed  idle")
}

func TestLifetime(t *testing.T) {
	s := newScene(t, func(p *rules.Policy) { p.Lifecycle.IdleTimeout = 0 }, "ann")
	s.due(2 * time.Hour)
	s.tick(2*time.Hour, "closed  expired")
	if v := s.l.View(); v.Status != wire.LobbyClosed || v.Code != "" {
		t.Errorf("view %+v", v)
	}
	s = newScene(t, func(p *rules.Policy) { p.Lifecycle.IdleTimeout, p.Lifecycle.MaxLifetime = 0, 0 }, "ann")
	if at, ok := s.l.NextTick(); ok || s.l.ExpiresAt != 0 {
		t.Errorf("a lobby without bounds ends at %v", at)
	}
}

func TestCodeExpires(t *testing.T) {
	s := newScene(t, func(p *rules.Policy) { p.Join.Code.TTL = time.Minute }, "ann")
	s.due(time.Minute)
	s.tick(time.Minute, "updated  code_expired")
	_, _, err := s.l.Join(rules.JoinCommand{User: rulestest.Actor("bob"), Code: "ABC234"}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	s.due(15 * time.Minute)
}

func TestNextLook(t *testing.T) {
	s := newScene(t, nil, "ann", "bob")
	s.leave("bob", second, "member_left bob ")
	if at, _ := s.l.NextDeadline(rulestest.T0.Add(second)); !at.Equal(rulestest.T0.Add(6 * second)) {
		t.Errorf("after a departure the next look is at %v", at.Sub(rulestest.T0))
	}
	if at, _ := s.l.NextDeadline(rulestest.T0.Add(6 * second)); !at.Equal(rulestest.T0.Add(15*time.Minute + second)) {
		t.Errorf("after that it is at %v", at.Sub(rulestest.T0))
	}
	s.tick(16*time.Minute, "closed  idle")
	if at, _ := s.l.NextDeadline(rulestest.T0.Add(16 * time.Minute)); !at.Equal(rulestest.T0.Add(16*time.Minute + 5*second)) {
		t.Errorf("after the end it is at %v", at.Sub(rulestest.T0))
	}
	if at, ok := s.l.NextDeadline(rulestest.T0.Add(17 * time.Minute)); ok {
		t.Errorf("after that it is at %v", at.Sub(rulestest.T0))
	}
}

func TestAdopt(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob")
	p := rulestest.Policy()
	p.Revision, p.Size.Max = "r2", 8
	if got := l.Adopt(p); got.Policy.Size.Max != 4 {
		t.Error("a policy for new lobbies was adopted by an old one")
	}
	p.ApplyToAll = true
	adopted := l.Adopt(p)
	if got := adopted.View().Policy.Revision; got != "r1" {
		t.Errorf("before any change the lobby is said to be under %s", got)
	}
	next, patches, err := adopted.Ready("bob", true, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.PatchOp{
		{Op: "replace", Path: "/version", Value: uint64(3)},
		{Op: "replace", Path: "/members/bob/ready", Value: true},
		{Op: "replace", Path: "/policy", Value: wire.PolicyRef{Name: "duel", Revision: "r2"}},
	}
	if d := cmp.Diff(want, patches[0].Ops); d != "" {
		t.Error(d)
	}
	if next.View().Policy.Revision != "r2" {
		t.Error("the policy was not adopted")
	}
}

func TestPathsAreEscaped(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "a/b~c")
	_, patches, err := l.Ready("a/b~c", true, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	if got := patches[0].Ops[1].Path; got != "/members/a~1b~0c/ready" {
		t.Errorf("path %s", got)
	}
}
