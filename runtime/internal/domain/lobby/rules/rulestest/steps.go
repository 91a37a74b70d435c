package rulestest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// PasswordHash is the password hash of the lobbies.
const PasswordHash = "$2a$04$secret"

// Step is a random command of a property test. User acts on Other where the command has a
// target.
type Step struct {
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

// DrawStep draws a step of one of several users.
func DrawStep(users int) *rapid.Generator[Step] {
	return rapid.Custom(func(t *rapid.T) Step {
		user := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("u/", rapid.IntRange(0, users-1).Draw(t, "u")) })
		return Step{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			User: user.Draw(t, "user"), Other: user.Draw(t, "other"),
			Session: rapid.IntRange(1, 2).Draw(t, "session"),
			Flag:    rapid.Bool().Draw(t, "flag"), N: rapid.IntRange(0, 6).Draw(t, "n"),
			Pass: time.Duration(rapid.IntRange(0, 40).Draw(t, "pass")) * time.Second,
		}
	})
}

// DrawPolicy draws a policy.
func DrawPolicy(t *rapid.T) rules.Policy {
	p := Policy()
	p.Size.Max = rapid.IntRange(2, 6).Draw(t, "max")
	p.Host.Migration = rapid.SampledFrom([]rules.Migration{rules.MigrateOldest, rules.MigrateRandom, rules.MigrateNone}).Draw(t, "migration")
	p.Host.OnLeave = rapid.SampledFrom([]rules.OnLeave{rules.OnLeaveMigrate, rules.OnLeaveMigrate, rules.OnLeaveClose}).Draw(t, "on leave")
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

// Play applies a step to a lobby.
func (s Step) Play(l rules.Lobby, now time.Time) (rules.Lobby, []wire.LobbyPatch, error) {
	session := fmt.Sprint(s.User, "-", s.Session)
	actor := rules.Actor{ID: s.User, Name: s.User, Session: session}
	team, size, name := fmt.Sprint(s.N), s.N, fmt.Sprint("n", s.N)
	password := "swordfish"
	switch s.Kind {
	case "join":
		return l.Join(rules.JoinCommand{User: actor, Proof: PasswordHash}, now)
	case "spectate":
		return l.Join(rules.JoinCommand{User: actor, Proof: PasswordHash, As: wire.RoleSpectator}, now)
	case "leave":
		return l.Leave(rules.Actor{ID: s.User}, uint64(s.N), now)
	case "ready":
		return l.Ready(s.User, s.Flag, now)
	case "team":
		return l.SetMember(rules.SetMemberCommand{Actor: s.User, UserID: s.Other, Team: &team}, now)
	case "role":
		role := []wire.Role{wire.RoleMember, wire.RoleSpectator}[s.N%2]
		return l.SetMember(rules.SetMemberCommand{Actor: s.User, UserID: s.Other, Role: role}, now)
	case "swap":
		cmd := rules.SetMemberCommand{Actor: s.User, SwapWith: &s.Other}
		if s.N == 0 {
			cmd.UserID = fmt.Sprint("u/", s.Session)
		}
		return l.SetMember(cmd, now)
	case "end":
		return l.End(rules.EndCommand{Host: s.User, Result: wire.Attributes{"score": float64(s.N)}}, now)
	case "hero":
		return l.SetMember(rules.SetMemberCommand{Actor: s.User, Set: wire.Attributes{"hero": name}}, now)
	case "name":
		return l.Update(rules.UpdateCommand{Actor: s.User, Set: wire.LobbySet{Name: &name}}, now)
	case "size":
		return l.Update(rules.UpdateCommand{Actor: s.User, Set: wire.LobbySet{MaxMembers: &size}}, now)
	case "lock":
		return l.Update(rules.UpdateCommand{Actor: s.User, Set: wire.LobbySet{Locked: &s.Flag}}, now)
	case "password":
		return l.Update(rules.UpdateCommand{Actor: s.User, PasswordHash: PasswordHash, Set: wire.LobbySet{Password: &password}}, now)
	case "map":
		return l.Update(rules.UpdateCommand{
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
			return l.Report(rules.Report{MatchID: "none"}, now)
		}
		return l.Report(rules.Report{MatchID: l.Match.ID, Connection: wire.Attributes{"at": name}, Ended: s.Flag}, now)
	case "ban":
		return l.Ban(s.User, s.Other, "", now)
	case "unban":
		return l.Unban(s.User, s.Other, now)
	case "vote":
		return l.VoteKick(s.User, s.Other, uint64(s.N), now)
	case "invite":
		return l.Invite(actor, s.Other, name, now)
	case "come":
		return l.Join(rules.JoinCommand{User: actor, Invite: l.Invites[s.User].ID}, now)
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
		p.Attributes[s.N%4].Visibility = []rules.Audience{rules.AudienceServer, rules.AudiencePublic}[s.N%2]
		return l.Adopt(p).Ready(s.User, s.Flag, now)
	default:
		return l.Tick(uint64(s.N), now)
	}
}
