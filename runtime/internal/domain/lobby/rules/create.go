package rules

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// CreateCommand makes a lobby. Code and PasswordHash may be empty.
type CreateCommand struct {
	ID, Code     string
	Host         Actor
	Name         string
	Visibility   wire.Visibility
	MaxMembers   int
	PasswordHash string
	Attributes   wire.Attributes
	Member       wire.MemberInit
	PartyJoin
}

// Create creates a lobby under a policy. The host and the host's companions are its members.
func Create(p Policy, cmd CreateCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	name, err := cleanName(cmd.Name, "name")
	if err != nil {
		return Lobby{}, nil, err
	}
	visibility, err := p.visibility(cmd.Visibility, "visibility")
	if err != nil {
		return Lobby{}, nil, err
	}
	size, err := p.maxMembers(cmd.MaxMembers)
	if err != nil {
		return Lobby{}, nil, err
	}
	attributes, err := p.write(p.defaults(ofLobby), ofLobby, cmd.Attributes, nil, "attributes")
	if err != nil {
		return Lobby{}, nil, err
	}
	e := &edit{now: now, Lobby: Lobby{
		ID: cmd.ID, Name: name, Status: wire.LobbyOpen, Visibility: visibility,
		PasswordHash: cmd.PasswordHash, MaxMembers: size, Attributes: attributes,
		Members: map[string]Member{}, Policy: p, CreatedAt: ms(now), ActiveAt: ms(now),
	}}
	e.setCode(cmd.Code)
	if p.Lifecycle.MaxLifetime > 0 {
		e.ExpiresAt = ms(now.Add(p.Lifecycle.MaxLifetime))
	}
	if err := e.checkRoom(wire.RoleMember, 1+len(cmd.Companions)); err != nil {
		return Lobby{}, nil, err
	}
	cmd.Member.Team = e.partyTeam(cmd.Member.Team, wire.RoleMember, 1+len(cmd.Companions))
	if err := e.addMember(cmd.Host, cmd.ID, wire.RoleMember, cmd.Member); err != nil {
		return Lobby{}, nil, err
	}
	if err := e.addCompanions(cmd.Host, cmd.Party, cmd.Companions, wire.RoleMember, cmd.Member.Team); err != nil {
		return Lobby{}, nil, err
	}
	e.publishCreated(cmd.Host.ID)
	return e.done()
}

// publishCreated is the first patch, which adds the whole lobby.
func (e *edit) publishCreated(host string) {
	e.Version = 1
	view := e.View()
	e.lastView = &view
	e.patches = []wire.LobbyPatch{{
		LobbyID: e.ID, From: 0, To: 1,
		Ops:   []wire.PatchOp{{Op: "add", Path: "", Value: view}},
		Cause: wire.Cause{Type: wire.CauseCreated, ActorID: host},
	}}
}

// setCode sets the join code, with the policy's TTL.
func (e *edit) setCode(code string) {
	e.Code = code
	if ttl := e.Policy.Join.Code.TTL; code != "" && ttl > 0 {
		e.CodeUntil = ms(e.now.Add(ttl))
	}
}

// maxMembers gives the size asked for, or the largest.
func (p Policy) maxMembers(asked int) (int, error) {
	if asked == 0 {
		return p.Size.Max, nil
	}
	return asked, p.checkSize(asked, "maxMembers")
}

func (p Policy) checkSize(n int, field string) error {
	if least := max(p.Size.Min, 1); n < least || n > p.Size.Max {
		return wire.Invalid(field, fmt.Sprintf("the policy allows %d to %d", least, p.Size.Max))
	}
	return nil
}

// MaxNameLength is the maximum length of a name, in code points.
const MaxNameLength = 64

// cleanName is a lobby's name in the form that it is kept in: one line, trimmed.
func cleanName(name, field string) (string, error) {
	name, fault := text.Rule{Max: MaxNameLength, Trim: true, Blank: true}.Clean(name)
	if fault != "" {
		return "", wire.Invalid(field, fault)
	}
	return name, nil
}
