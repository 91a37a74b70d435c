package rules

import (
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// JoinCommand adds a user.
type JoinCommand struct {
	User Actor
	// MembershipID identifies the membership that begins with this command.
	MembershipID string
	// Code is the code by which the user found the lobby; "" when by its id.
	Code string
	// Invite is the id of the invite that the user comes by; "" when by none.
	Invite string
	// Proof is the hash that the user's password was found to match; "" for none.
	Proof string
	// As is member or spectator; "" means member.
	As     wire.Role
	Member wire.MemberInit
	PartyJoin
}

// Join adds a user as a player or a spectator. A member in the same role keeps the place, and
// the session is connected. The first player of an empty lobby becomes the host. Either the
// user and all companions join, or none of them.
func (l Lobby) Join(cmd JoinCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	as := cmd.role()
	if l.isMemberWithParty(cmd) {
		return l.joinAgain(cmd, as, now)
	}
	e, err := l.admitParty(cmd, as, now)
	if err != nil {
		return l, nil, err
	}
	if as != wire.RoleSpectator {
		e.clearReady()
	}
	e.by(wire.CauseMemberJoined, cmd.User.ID, "")
	return e.done()
}

// role returns the role that the users get.
func (cmd JoinCommand) role() wire.Role {
	if cmd.As == "" {
		return wire.RoleMember
	}
	return cmd.As
}

// isMemberWithParty reports whether the caller and all companions are members.
func (l Lobby) isMemberWithParty(cmd JoinCommand) bool {
	return l.Has(cmd.User.ID) && len(l.newCompanions(cmd.Companions)) == 0
}

// admitParty adds the caller and the companions, or returns why the lobby refuses them. It
// computes no patch.
func (l Lobby) admitParty(cmd JoinCommand, as wire.Role, now time.Time) (*edit, error) {
	if err := l.checkJoin(cmd, as, now); err != nil {
		return nil, err
	}
	fresh := l.newCompanions(cmd.Companions)
	e := l.edit(now)
	team := l.partyTeam(cmd.Member.Team, as, 1+len(fresh))
	if err := e.addCaller(cmd, as, team); err != nil {
		return nil, err
	}
	return e, e.addCompanions(cmd.User, cmd.Party, fresh, as, team)
}

// JoinNeeds lists the preparations without which a join cannot be committed.
type JoinNeeds struct {
	// Password says that the user's password must be compared with the lobby's.
	Password bool
	// Memberships are the users for whom a membership must be reserved, the caller first.
	Memberships []string
}

// DecideJoin returns the needs of a join, or why the lobby refuses the users. A need for a
// password comes alone: the other checks of the join follow when the password is proven.
func (l Lobby) DecideJoin(cmd JoinCommand, now time.Time) (JoinNeeds, error) {
	if l.isMemberWithParty(cmd) {
		return JoinNeeds{}, nil
	}
	_, err := l.admitParty(cmd, cmd.role(), now)
	var refusal *wire.Error
	if cmd.Proof == "" && errors.As(err, &refusal) && refusal.Reason == wire.ReasonWrongPassword {
		return JoinNeeds{Password: true}, nil
	}
	if err != nil {
		return JoinNeeds{}, err
	}
	return JoinNeeds{Memberships: l.unreserved(cmd)}, nil
}

// unreserved returns the users without a membership of the lobby and without a reserved one.
func (l Lobby) unreserved(cmd JoinCommand) (users []string) {
	if !l.Has(cmd.User.ID) && cmd.MembershipID == "" {
		users = append(users, cmd.User.ID)
	}
	for _, c := range l.newCompanions(cmd.Companions) {
		if c.MembershipID == "" {
			users = append(users, c.ID)
		}
	}
	return users
}

// addCaller adds the caller, or connects the session of a member.
func (e *edit) addCaller(cmd JoinCommand, as wire.Role, team string) error {
	if e.Has(cmd.User.ID) {
		e.connectSession(cmd.User.ID, cmd.User.Session)
		return nil
	}
	init := cmd.Member
	init.Team = team
	delete(e.Invites, cmd.User.ID)
	delete(e.Requests, cmd.User.ID)
	return e.addMember(cmd.User, cmd.MembershipID, as, init)
}

func (l Lobby) joinAgain(cmd JoinCommand, as wire.Role, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.sameRole(cmd, as); err != nil {
		return l, nil, err
	}
	if err := l.CheckOpen(); err != nil {
		return l, nil, err
	}
	return l.Reconnect(cmd.User.ID, cmd.User.Session, now)
}

func (l Lobby) sameRole(cmd JoinCommand, as wire.Role) error {
	if cmd.As != "" && l.Members[cmd.User.ID].Player() != (as != wire.RoleSpectator) {
		return wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "you are in this lobby in another role: leave it first", l.ID)
	}
	return nil
}

// checkJoin returns why the caller and the companions may not join. The password comes last,
// because its check is expensive; an invite replaces it. A member is checked for the companions
// only.
func (l Lobby) checkJoin(cmd JoinCommand, as wire.Role, now time.Time) error {
	if l.Has(cmd.User.ID) {
		if err := l.sameRole(cmd, as); err != nil {
			return err
		}
		return l.checkSpace(cmd, as, now)
	}
	if err := l.checkAdmission(cmd, as, now); err != nil {
		return err
	}
	if cmd.Invite == "" && l.PasswordHash != "" && cmd.Proof != l.PasswordHash {
		return wire.Precondition(wire.ReasonWrongPassword, "the password is wrong")
	}
	return nil
}

// checkAdmission returns why a user with the password may not join. Checks that hide the lobby
// come first.
func (l Lobby) checkAdmission(cmd JoinCommand, as wire.Role, now time.Time) error {
	switch {
	case cmd.Invite != "":
		if !l.isInvited(cmd.User.ID, cmd.Invite, now) {
			return CodeExpired()
		}
	case cmd.Code == "":
		if !l.Public() {
			return NotFound()
		}
	case cmd.Code != l.Code:
		return CodeExpired()
	}
	return l.checkSpace(cmd, as, now)
}

// checkSpace returns why a user who can see the lobby may not join: its status, bans and size.
func (l Lobby) checkSpace(cmd JoinCommand, as wire.Role, now time.Time) error {
	if err := l.CheckOpen(); err != nil {
		return err
	}
	if err := l.checkBans(cmd, now); err != nil {
		return err
	}
	switch l.Status {
	case wire.LobbyLocked:
		return wire.Precondition(wire.ReasonLobbyLocked, "the lobby is locked")
	case wire.LobbyStarting, wire.LobbyInMatch:
		if !l.allowsLate(as) {
			return l.checkNotStarted()
		}
	}
	heads := len(l.newCompanions(cmd.Companions))
	if !l.Has(cmd.User.ID) {
		heads++
	}
	return l.checkRoom(as, heads)
}

// checkBans refuses banned users.
func (l Lobby) checkBans(cmd JoinCommand, now time.Time) error {
	if l.isBanned(cmd.User.ID, now) {
		return &wire.Error{Code: wire.CodeBanned, Message: "you were removed from this lobby and may not come back yet"}
	}
	for _, c := range cmd.Companions {
		if l.isBanned(c.ID, now) {
			return &wire.Error{Code: wire.CodeBanned, Field: "partyId", Message: c.ID + " was removed from this lobby and may not come back yet"}
		}
	}
	return nil
}

// Public reports whether the id suffices to see and join the lobby.
func (l Lobby) Public() bool { return l.Visibility == wire.VisibilityPublic }

// NotFound is the refusal of a lobby that does not exist for the user.
func NotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such lobby") }

// checkRoom refuses a number of users for whom there are not enough places.
func (l Lobby) checkRoom(as wire.Role, heads int) error {
	most, there, full := l.MaxMembers, l.Players(), "the lobby is full"
	if as == wire.RoleSpectator {
		most, there, full = l.Policy.Size.Spectators, l.Spectators(), "there is no room for spectators"
	}
	switch {
	case heads > 1 && heads > most:
		return wire.Precondition(wire.ReasonPartyTooLarge, fmt.Sprintf("the lobby takes %d, the party is %d", most, heads))
	case there+heads > most && heads > 1:
		return wire.Precondition(wire.ReasonLobbyFull, "there is no room for the whole party")
	case there+heads > most:
		return wire.Precondition(wire.ReasonLobbyFull, full)
	}
	return nil
}

// addMember adds a member; the first player becomes the host.
func (e *edit) addMember(user Actor, membershipID string, as wire.Role, init wire.MemberInit) error {
	attributes, err := e.Policy.write(e.Policy.defaults(ofMember), ofMember, init.Attributes, nil, "member.attributes")
	if err != nil {
		return err
	}
	m := Member{
		Role: as, Name: user.Name, Slot: e.freeSlot(as), JoinedAt: ms(e.now),
		Attributes: attributes, MembershipID: membershipID, Live: liveness.Through(user.Session),
	}
	asked, err := e.rejoinTeam(user.ID, init.Team, "member.team")
	if err != nil {
		return err
	}
	if m.Team, err = e.teamFor(m, asked, "member.team"); err != nil {
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
		return l.smallestTeam(1), nil
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
		return "", wire.Exhausted(field, "team "+asked+" is full")
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

// smallestTeam is the team with the fewest members of those that have room for so many
// heads, the first among equals; "" when there is none.
func (l Lobby) smallestTeam(heads int) string {
	best, fewest := "", 0
	for n := 1; n <= l.Policy.Teams.Count; n++ {
		size := l.teamSize(teamName(n))
		if !l.Policy.Teams.full(size+heads-1) && (best == "" || size < fewest) {
			best, fewest = teamName(n), size
		}
	}
	return best
}
