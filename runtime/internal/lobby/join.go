package lobby

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stays"
	"github.com/anteroom/anteroom/runtime/wire"
)

// JoinCommand brings a user in.
type JoinCommand struct {
	User Actor
	// Enrolment marks the stay in the lobby that begins with this command.
	Enrolment string
	// Code is the code by which the user found the lobby; "" when by its id.
	Code string
	// Invite is the id of the invite that the user comes by; "" when by none.
	Invite string
	// Proof is the hash that the user's password was found to match; "" for none.
	Proof string
	// As is member or spectator; "" means member.
	As     wire.Role
	Member wire.MemberInit
}

// Join brings a user in as a player or a spectator. A user who is in already in
// the same role keeps its place; its session counts as connected from then on.
// The first player of an empty lobby becomes its host.
func (l Lobby) Join(cmd JoinCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	as := cmd.As
	if as == "" {
		as = wire.RoleMember
	}
	if l.Has(cmd.User.ID) {
		return l.joinAgain(cmd, as, now)
	}
	if err := l.mayEnter(cmd, as, now); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	if err := e.admit(cmd.User, cmd.Enrolment, as, cmd.Member); err != nil {
		return l, nil, err
	}
	delete(e.Invites, cmd.User.ID)
	delete(e.Requests, cmd.User.ID)
	if as != wire.RoleSpectator {
		e.clearReady()
	}
	e.by(wire.CauseMemberJoined, cmd.User.ID, "")
	return e.done()
}

func (l Lobby) joinAgain(cmd JoinCommand, as wire.Role, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if cmd.As != "" && l.Members[cmd.User.ID].Player() != (as != wire.RoleSpectator) {
		return l, nil, wire.Refuse(wire.CodeAlreadyMember, "you are in this lobby in another role: leave it first")
	}
	if err := l.open(); err != nil {
		return l, nil, err
	}
	return l.Reconnect(cmd.User.ID, cmd.User.Session, now)
}

// mayEnter goes through what can keep a user out; last the password, which is costly
// to check, and which those who were invited need not know.
func (l Lobby) mayEnter(cmd JoinCommand, as wire.Role, now time.Time) error {
	if err := l.mayKnock(cmd, as, now); err != nil {
		return err
	}
	if cmd.Invite == "" && l.PasswordHash != "" && cmd.Proof != l.PasswordHash {
		return wire.Precondition(wire.ReasonWrongPassword, "the password is wrong")
	}
	return nil
}

// mayKnock goes through what can keep a user out who knows the password: first what
// hides the lobby from those who may not know of it.
func (l Lobby) mayKnock(cmd JoinCommand, as wire.Role, now time.Time) error {
	switch {
	case cmd.Invite != "":
		if !l.invited(cmd.User.ID, cmd.Invite, now) {
			return codeExpired()
		}
	case cmd.Code == "":
		if !l.Public() {
			return notFound()
		}
	case cmd.Code != l.Code:
		return codeExpired()
	}
	if err := l.open(); err != nil {
		return err
	}
	if until := l.Banned[cmd.User.ID]; ms(now) < until {
		return &wire.Error{Code: wire.CodeBanned, Message: "you were removed from this lobby and may not come back yet"}
	}
	switch l.Status {
	case wire.LobbyLocked:
		return wire.Precondition(wire.ReasonLobbyLocked, "the lobby is locked")
	case wire.LobbyStarting, wire.LobbyInMatch:
		if !l.Policy.Join.LateJoin {
			return wire.Precondition(wire.ReasonLobbyStarted, "the match has started")
		}
	}
	return l.room(as)
}

// Public tells whether those who know the lobby's id may see and join it.
func (l Lobby) Public() bool { return l.Visibility == wire.VisibilityPublic }

func notFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such lobby") }

func (l Lobby) room(as wire.Role) error {
	if as == wire.RoleSpectator {
		if l.Spectators() >= l.Policy.Size.Spectators {
			return wire.Precondition(wire.ReasonLobbyFull, "there is no room for spectators")
		}
		return nil
	}
	if l.Players() >= l.MaxMembers {
		return wire.Precondition(wire.ReasonLobbyFull, "the lobby is full")
	}
	return nil
}

// admit puts a new member in; the first player is the host.
func (e *edit) admit(user Actor, enrolment string, as wire.Role, init wire.MemberInit) error {
	attributes, err := e.Policy.write(e.Policy.defaults(ofMember), ofMember, init.Attributes, nil, "member.attributes")
	if err != nil {
		return err
	}
	m := Member{
		Role: as, Name: user.Name, Slot: e.freeSlot(as), JoinedAt: ms(e.now),
		Attributes: attributes, Enrolment: enrolment, Live: stays.Through(user.Session),
	}
	if m.Team, err = e.teamFor(m, init.Team, "member.team"); err != nil {
		return err
	}
	if m.Player() {
		e.EmptySince = 0
		if e.HostID == "" {
			m.Role, e.HostID = wire.RoleHost, user.ID
		}
	}
	e.Members[user.ID] = m
	return nil
}

// freeSlot is the lowest place that nobody of the same kind has. Players and
// spectators are counted apart. After the host has made the lobby smaller, a
// player may have a slot beyond its size until it leaves.
func (l Lobby) freeSlot(as wire.Role) int {
	taken := make(map[int]bool, len(l.Members))
	for _, m := range l.Members {
		if m.Player() == (as != wire.RoleSpectator) {
			taken[m.Slot] = true
		}
	}
	slot := 0
	for taken[slot] {
		slot++
	}
	return slot
}

// teamFor gives the team a member shall be in, or refuses it.
func (l Lobby) teamFor(m Member, asked, field string) (string, error) {
	teams := l.Policy.Teams
	if asked == "" {
		if !m.Player() || !teams.AutoBalance {
			return "", nil
		}
		return l.smallestTeam(), nil
	}
	if !m.Player() {
		return "", wire.Invalid(field, "spectators are in no team")
	}
	if teams.Count == 0 {
		return "", wire.Invalid(field, "this lobby has no teams")
	}
	if !teams.has(asked) {
		return "", wire.Invalid(field, fmt.Sprintf("the teams are \"1\" to \"%d\"", teams.Count))
	}
	if m.Team != asked && teams.full(l.teamSize(asked)) {
		return "", &wire.Error{Code: wire.CodeResourceExhausted, Field: field, Message: "team " + asked + " is full"}
	}
	return asked, nil
}

func (t TeamPolicy) full(members int) bool { return t.Size > 0 && members >= t.Size }

func (t TeamPolicy) has(team string) bool {
	for n := 1; n <= t.Count; n++ {
		if team == teamName(n) {
			return true
		}
	}
	return false
}

func teamName(n int) string { return fmt.Sprint(n) }

func (l Lobby) teamSize(team string) int {
	return l.count(func(m Member) bool { return m.Team == team })
}

// smallestTeam is the team with the fewest members, the first among equals; ""
// when there is none with room.
func (l Lobby) smallestTeam() string {
	best, fewest := "", 0
	for n := 1; n <= l.Policy.Teams.Count; n++ {
		size := l.teamSize(teamName(n))
		if !l.Policy.Teams.full(size) && (best == "" || size < fewest) {
			best, fewest = teamName(n), size
		}
	}
	return best
}
