package lobby

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const hash = "$2a$04$secret"

// step is one command that a property test draws. Its user acts, on the other
// user where there is one.
type step struct {
	Kind, User, Other string
	Session           int
	Flag              bool
	N                 int
	Pass              time.Duration
}

var kinds = []string{
	"join", "join", "join", "spectate", "leave", "ready", "team", "hero", "name", "size", "lock",
	"password", "map", "kick", "transfer", "disconnect", "reconnect", "pass", "adopt",
	"start", "start", "cancel", "report", "ban", "unban", "vote", "invite", "come", "ask", "answer", "code", "close",
	"ready", "pass", "role", "role", "swap", "swap", "swap", "end",
}

func drawStep(users int) *rapid.Generator[step] {
	return rapid.Custom(func(t *rapid.T) step {
		user := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("u/", rapid.IntRange(0, users-1).Draw(t, "u")) })
		return step{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			User: user.Draw(t, "user"), Other: user.Draw(t, "other"),
			Session: rapid.IntRange(1, 2).Draw(t, "session"),
			Flag:    rapid.Bool().Draw(t, "flag"), N: rapid.IntRange(0, 6).Draw(t, "n"),
			Pass: time.Duration(rapid.IntRange(0, 40).Draw(t, "pass")) * time.Second,
		}
	})
}

func drawPolicy(t *rapid.T) Policy {
	p := testPolicy()
	p.Size.Max = rapid.IntRange(2, 6).Draw(t, "max")
	p.Host.Migration = rapid.SampledFrom([]Migration{MigrateOldest, MigrateRandom, MigrateNone}).Draw(t, "migration")
	p.Host.OnLeave = rapid.SampledFrom([]OnLeave{OnLeaveMigrate, OnLeaveMigrate, OnLeaveClose}).Draw(t, "on leave")
	p.Ready.ClearOnChange = rapid.Bool().Draw(t, "clear")
	p.Teams.AutoBalance = rapid.Bool().Draw(t, "balance")
	p.Moderation.BanTTL = 20 * time.Second
	p.Moderation.VoteKick, p.Moderation.VoteRatio = true, 0.5
	p.Join.Requests, p.Join.LateJoin = true, rapid.Bool().Draw(t, "late")
	p.Join.LateSpectators, p.Join.ChangeRole = rapid.Bool().Draw(t, "late spectators"), rapid.Bool().Draw(t, "change role")
	p.Host.EndMatch = rapid.Bool().Draw(t, "end match")
	p.Teams.CompleteAtStart, p.Teams.FixedInMatch = rapid.Bool().Draw(t, "complete"), rapid.Bool().Draw(t, "fixed")
	p.Teams.MinSize = rapid.IntRange(0, 1).Draw(t, "team min")
	p.Ready.Required = rapid.Bool().Draw(t, "required")
	p.Ready.AutoStart = rapid.Bool().Draw(t, "auto start")
	p.Ready.MinPercent = rapid.SampledFrom([]int{1, 50, 100}).Draw(t, "percent")
	p.Ready.Countdown = rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "countdown")
	return p
}

// play carries a step out on a lobby.
func (s step) play(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	session := fmt.Sprint(s.User, "-", s.Session)
	actor := Actor{ID: s.User, Name: s.User, Session: session}
	team, size, name := fmt.Sprint(s.N), s.N, fmt.Sprint("n", s.N)
	password := "swordfish"
	switch s.Kind {
	case "join":
		return l.Join(JoinCommand{User: actor, Proof: hash}, now)
	case "spectate":
		return l.Join(JoinCommand{User: actor, Proof: hash, As: wire.RoleSpectator}, now)
	case "leave":
		return l.Leave(Actor{ID: s.User}, uint64(s.N), now)
	case "ready":
		return l.Ready(s.User, s.Flag, now)
	case "team":
		return l.SetMember(SetMemberCommand{Actor: s.User, UserID: s.Other, Team: &team}, now)
	case "role":
		role := []wire.Role{wire.RoleMember, wire.RoleSpectator}[s.N%2]
		return l.SetMember(SetMemberCommand{Actor: s.User, UserID: s.Other, Role: role}, now)
	case "swap":
		cmd := SetMemberCommand{Actor: s.User, SwapWith: &s.Other}
		if s.N == 0 {
			cmd.UserID = fmt.Sprint("u/", s.Session)
		}
		return l.SetMember(cmd, now)
	case "end":
		return l.End(EndCommand{Host: s.User, Result: wire.Attributes{"score": float64(s.N)}}, now)
	case "hero":
		return l.SetMember(SetMemberCommand{Actor: s.User, Set: wire.Attributes{"hero": name}}, now)
	case "name":
		return l.Update(UpdateCommand{Actor: s.User, Set: wire.LobbySet{Name: &name}}, now)
	case "size":
		return l.Update(UpdateCommand{Actor: s.User, Set: wire.LobbySet{MaxMembers: &size}}, now)
	case "lock":
		return l.Update(UpdateCommand{Actor: s.User, Set: wire.LobbySet{Locked: &s.Flag}}, now)
	case "password":
		return l.Update(UpdateCommand{Actor: s.User, PasswordHash: hash, Set: wire.LobbySet{Password: &password}}, now)
	case "map":
		return l.Update(UpdateCommand{
			Actor: s.User, Set: wire.LobbySet{Attributes: wire.Attributes{"rounds": float64(s.N)}}, Unset: []string{"map"},
		}, now)
	case "kick":
		return l.Kick(s.User, s.Other, "", now)
	case "transfer":
		return l.TransferHost(s.User, s.Other, now)
	case "disconnect":
		return l.Disconnect(s.User, session, now)
	case "reconnect":
		return l.Reconnect(s.User, session, now)
	case "start":
		return l.Start(s.User, now)
	case "cancel":
		return l.CancelStart(s.User, now)
	case "report":
		if l.Match == nil {
			return l.Report(Report{MatchID: "none"}, now)
		}
		return l.Report(Report{MatchID: l.Match.ID, Connection: wire.Attributes{"at": name}, Ended: s.Flag}, now)
	case "ban":
		return l.Ban(s.User, s.Other, "", now)
	case "unban":
		return l.Unban(s.User, s.Other, now)
	case "vote":
		return l.VoteKick(s.User, s.Other, uint64(s.N), now)
	case "invite":
		return l.Invite(actor, s.Other, name, now)
	case "come":
		return l.Join(JoinCommand{User: actor, Invite: l.Invites[s.User].ID}, now)
	case "ask":
		return l.RequestJoin(actor, "", "", now)
	case "answer":
		return l.RespondJoin(actor, s.Other, s.Flag, name, now)
	case "code":
		return l.RegenerateCode(s.User, "NEW"+name, now)
	case "close":
		if s.N > 0 {
			return l, nil, nil // or few sequences would be long
		}
		return l.Close(s.User, now)
	case "adopt":
		p := l.Policy
		p.ApplyToAll, p.Revision = true, name
		p.Attributes = slices.Clone(p.Attributes)
		p.Attributes[s.N%4].Visibility = []Audience{AudienceServer, AudiencePublic}[s.N%2]
		return l.Adopt(p).Ready(s.User, s.Flag, now)
	default:
		return l.Tick(uint64(s.N), now)
	}
}

// checkState holds a public state against what is always true of a lobby.
func checkState(t rapid.TB, v wire.Lobby) {
	hosts, players := 0, 0
	slots := map[string]bool{}
	for id, m := range v.Members {
		kind := "player"
		switch m.Role {
		case wire.RoleHost:
			hosts++
			players++
			if v.HostID != id {
				t.Fatalf("version %d: %s is host but hostId is %s", v.Version, id, v.HostID)
			}
		case wire.RoleMember:
			players++
		default:
			kind = "spectator"
		}
		slot := fmt.Sprint(kind, m.Slot)
		if slots[slot] {
			t.Fatalf("version %d: two members have %s", v.Version, slot)
		}
		slots[slot] = true
		if kind == "spectator" && (m.Team != "" || m.Ready) {
			t.Fatalf("version %d: the spectator %s is in team %q, ready %v", v.Version, id, m.Team, m.Ready)
		}
		if _, in := v.Members[m.SwapWith]; m.SwapWith != "" && (!in || m.SwapWith == id) {
			t.Fatalf("version %d: %s offers its place to %q", v.Version, id, m.SwapWith)
		}
	}
	if players > v.MaxMembers || len(v.Members)-players > 1 {
		t.Fatalf("version %d: %d players of %d, %d spectators", v.Version, players, v.MaxMembers, len(v.Members)-players)
	}
	if v.Status != wire.LobbyClosed && players > 0 && hosts != 1 {
		t.Fatalf("version %d: %d hosts among %d players", v.Version, hosts, players)
	}
	if (v.StartsAt != 0) != (v.Status == wire.LobbyStarting) || (v.Match != nil) != (v.Status == wire.LobbyInMatch) {
		t.Fatalf("version %d: %s with startsAt %d and match %v", v.Version, v.Status, v.StartsAt, v.Match)
	}
	for id := range v.Votes {
		if _, in := v.Members[id]; !in {
			t.Fatalf("version %d: votes against %s, who is not in", v.Version, id)
		}
	}
	if v.Status != wire.LobbyClosed && players == 0 && v.HostID != "" {
		t.Fatalf("version %d: %s is host of nobody", v.Version, v.HostID)
	}
}

// Any sequence of commands, at moments that move on.
func TestPropertyOfSequences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		now := t0
		l, patches, err := Create(p, CreateCommand{ID: testID, Code: "ABC234", Host: Actor{ID: "u/0", Session: "u/0-1"}, PasswordHash: hash}, now)
		if err != nil {
			t.Fatal(err)
		}
		var log []stream.Record
		record := func(patches []wire.LobbyPatch) {
			for _, patch := range patches {
				data, err := json.Marshal(patch)
				if err != nil || strings.Contains(string(data), hash) {
					t.Fatalf("%s: %v", data, err)
				}
				log = append(log, stream.Record{Position: stream.Position{Seq: patch.To}, Event: stream.Event{Data: data}})
			}
		}
		record(patches)
		for _, s := range rapid.SliceOfN(drawStep(8), 1, 60).Draw(t, "steps") {
			if s.Kind == "pass" {
				now = now.Add(s.Pass)
			}
			before := jsonOf(t, l)
			next, patches, err := s.play(stored(t, l), now)
			if direct, _, _ := s.play(l, now); jsonOf(t, direct) != jsonOf(t, next) {
				t.Fatalf("%+v makes something else of a lobby that was not stored", s)
			}
			if after := jsonOf(t, l); after != before {
				t.Fatalf("%+v changed the lobby it was given:\n%s\n%s", s, before, after)
			}
			if err != nil {
				checkRefusal(t, s, err, patches)
				continue
			}
			if len(patches) == 0 && jsonOf(t, next) != before && s.Kind != "adopt" {
				t.Fatalf("%+v changed the lobby without a patch", s)
			}
			checkTeams(t, s, l, next)
			if len(patches) > 0 {
				l = next
			}
			if len(patches) > 16 {
				t.Fatalf("%+v needs %d events in one commit", s, len(patches))
			}
			record(patches)
			checkDeadline(t, l, now, s.Kind == "pass")
		}
		checkLog(t, log, l)
	})
}

// checkTeams holds what a command made of a lobby against what the policy says of teams: a
// match begins with complete teams, and they stay as they are while it runs.
func checkTeams(t rapid.TB, s step, was, is Lobby) {
	teams := is.Policy.Teams
	if is.Match == nil {
		return
	}
	if began := was.Match == nil || was.Match.ID != is.Match.ID; began {
		sizes := map[string]int{}
		for id, p := range is.Match.Players {
			sizes[p.Team]++
			if teams.CompleteAtStart && p.Team == "" {
				t.Fatalf("%+v hands %s off without a team", s, id)
			}
		}
		for n := 1; n <= teams.Count; n++ {
			if sizes[teamName(n)] < teams.MinSize {
				t.Fatalf("%+v hands off %d players in team %d", s, sizes[teamName(n)], n)
			}
		}
		return
	}
	for id, m := range was.Members {
		next, stays := is.Members[id]
		if teams.FixedInMatch && m.Team != "" && stays && next.Player() && next.Team != m.Team && s.Kind != "swap" {
			t.Fatalf("%+v takes %s from team %q to %q in the match", s, id, m.Team, next.Team)
		}
	}
}

func checkRefusal(t rapid.TB, s step, err error, patches []wire.LobbyPatch) {
	var refusal *wire.Error
	if !errors.As(err, &refusal) || refusal.Message == "" || len(patches) > 0 {
		t.Fatalf("%+v: %v with %d patches", s, err, len(patches))
	}
}

// checkDeadline: right after a Tick nothing is due, or a whole batch was done.
func checkDeadline(t rapid.TB, l Lobby, now time.Time, ticked bool) {
	at, some := l.NextDeadline()
	if some == l.Closed() {
		t.Fatalf("closed is %v, a deadline %v", l.Closed(), some)
	}
	if ticked && some && !at.After(now) {
		t.Fatalf("after a look at %v there is something due at %v", now, at)
	}
}

// checkLog replays the patches: every state on the way is sound, and the last one
// is the lobby's own.
func checkLog(t rapid.TB, log []stream.Record, l Lobby) {
	versions := replay(t, log)
	for i, v := range versions {
		if v.state.Version != uint64(i+1) {
			t.Fatalf("patch %d leads to version %d", i+1, v.state.Version)
		}
		checkState(t, v.state)
	}
	last := versions[len(versions)-1].state
	view := l.View()
	last.Epoch, view.Epoch = "", ""
	if d := cmp.Diff(view, last); d != "" {
		t.Fatalf("state and replayed patches (-state +replayed):\n%s", d)
	}
}

func jsonOf(t rapid.TB, l Lobby) string {
	data, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stored is a lobby after its way through the store.
func stored(t rapid.TB, l Lobby) Lobby {
	var out Lobby
	if err := json.Unmarshal([]byte(jsonOf(t, l)), &out); err != nil {
		t.Fatal(err)
	}
	return out.at(stream.Snapshot{Position: l.position(), Committed: l.Committed})
}

// Many users at once, over two pods and one store.
func TestPropertyOfConcurrentCommands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPolicy(rt)
		p.Join.MaxPerUser = 5
		w := newWorld(t, func(q *Policy) { *q = p })
		host := w.connect("u/0", "u/0-1", 0)
		l := host.create()
		scripts := make([][]step, 6)
		for i := range scripts {
			scripts[i] = rapid.SliceOfN(drawStep(6), 1, 10).Draw(rt, fmt.Sprint("script ", i))
		}
		var all sync.WaitGroup
		faults := make(chan error, 1000)
		for i, script := range scripts {
			all.Add(1)
			go func() {
				defer all.Done()
				for n, s := range script {
					if err := s.send(w, l.ID, i%2, fmt.Sprint(i, "-", n)); err != nil && !refused(err) {
						faults <- fmt.Errorf("%+v: %w", s, err)
					}
				}
			}()
		}
		all.Wait()
		close(faults)
		for err := range faults {
			rt.Fatal(err)
		}
		final := w.doc(l.ID)
		checkLog(rt, w.log(StreamID(l.ID)), final)
		for _, r := range w.log(StreamID(l.ID)) {
			if strings.Contains(string(r.Data), "$2a$") {
				rt.Fatalf("a hash was told: %s", r.Data)
			}
		}
		if !final.Closed() {
			checkEnrolled(rt, w, final)
		}
	})
}

// checkEnrolled: every member can be found by its sessions.
func checkEnrolled(t rapid.TB, w *world, l Lobby) {
	for id := range l.Members {
		ids, err := w.memory.List(w.Context(), allOf(id))
		if err != nil || len(ids) != 1 {
			t.Fatalf("%s is in the lobby but enrolled in %v, %v", id, ids, err)
		}
	}
}

// send carries a step out as a request to a pod.
func (s step) send(w *world, id string, pod int, key string) error {
	c := w.connect(s.User, fmt.Sprint(s.User, "-", s.Session), pod)
	ctx, call := w.Context(), c.keyed(key)
	team, size, name, password := fmt.Sprint(s.N), s.N, fmt.Sprint("n", s.N), "swordfish"
	update := func(set wire.LobbySet) error {
		_, err := c.h.Update(ctx, call, &wire.LobbyUpdate{LobbyID: id, Set: &set})
		return err
	}
	var err error
	switch s.Kind {
	case "join":
		_, err = c.h.Join(ctx, call, &wire.LobbyJoin{LobbyID: id, Password: password})
	case "spectate":
		_, err = c.h.Join(ctx, call, &wire.LobbyJoin{LobbyID: id, Password: password, As: wire.RoleSpectator})
	case "leave":
		_, err = c.h.Leave(ctx, call, &wire.LobbyLeave{LobbyID: id})
	case "ready":
		_, err = c.h.Ready(ctx, call, &wire.LobbyReady{LobbyID: id, Ready: s.Flag})
	case "team":
		_, err = c.h.SetMember(ctx, call, &wire.LobbySetMember{LobbyID: id, UserID: s.Other, Team: &team})
	case "hero":
		_, err = c.h.SetMember(ctx, call, &wire.LobbySetMember{LobbyID: id, Attributes: wire.Attributes{"hero": name}})
	case "name":
		err = update(wire.LobbySet{Name: &name})
	case "size":
		err = update(wire.LobbySet{MaxMembers: &size})
	case "lock":
		err = update(wire.LobbySet{Locked: &s.Flag})
	case "password":
		err = update(wire.LobbySet{Password: &password})
	case "map":
		err = update(wire.LobbySet{Attributes: wire.Attributes{"rounds": float64(s.N)}})
	case "kick":
		_, err = c.h.Kick(ctx, call, &wire.LobbyKick{LobbyID: id, UserID: s.Other})
	case "transfer":
		_, err = c.h.TransferHost(ctx, call, &wire.LobbyTransferHost{LobbyID: id, UserID: s.Other})
	case "start":
		_, err = c.h.Start(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "cancel":
		_, err = c.h.CancelStart(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "report":
		_, err = c.h.service.ReportMatch(ctx, "", Report{MatchID: matchID(id, uint64(s.N)), Ended: true})
	case "ban":
		_, err = c.h.Ban(ctx, call, &wire.LobbyBan{LobbyID: id, UserID: s.Other})
	case "unban":
		_, err = c.h.Unban(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "vote":
		_, err = c.h.VoteKick(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "invite", "come":
		_, err = c.h.Invite(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "ask":
		_, err = c.h.RequestJoin(ctx, call, &wire.LobbyRequestJoin{LobbyID: id})
	case "answer":
		_, err = c.h.RespondJoin(ctx, call, &wire.LobbyRespondJoin{LobbyID: id, UserID: s.Other, Accept: s.Flag})
	case "code":
		_, err = c.h.RegenerateCode(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "close":
		_, err = c.h.Close(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "disconnect":
		err = c.h.service.SessionClosed(ctx, c.call.Caller, nil)
	case "reconnect":
		err = c.h.service.SessionOpened(ctx, c.call.Caller)
	default:
		w.mu.Lock()
		w.now = w.now.Add(s.Pass)
		w.mu.Unlock()
		_, err = c.h.service.Look(ctx, StreamID(id))
	}
	return err
}
