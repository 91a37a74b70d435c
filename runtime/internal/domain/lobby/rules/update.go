package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// UpdateCommand changes the lobby itself, on the host's word or a back end's.
type UpdateCommand struct {
	Actor string
	// Server marks the command of a back end, which has no Actor.
	Server bool
	// Expected, when not 0, is the version the lobby must be at.
	Expected uint64
	Set      wire.LobbySet
	// PasswordHash is the hash of Set.Password; it may be missing when the actor was
	// not the host at the time of hashing.
	PasswordHash string
	// Unset are keys of attributes, or "password".
	Unset []string
}

// unsetPassword is the word in UpdateCommand.Unset that takes the password away.
const unsetPassword = "password"

// Update changes the settings of a lobby: all of the requested changes or none.
func (l Lobby) Update(cmd UpdateCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkUpdate(cmd); err != nil {
		return l, nil, err
	}
	if cmd.Expected != 0 && cmd.Expected != l.Version {
		return l, nil, &wire.Error{
			Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(l.Version),
			Message: fmt.Sprintf("the lobby is at version %d", l.Version),
		}
	}
	e := l.edit(now)
	for _, set := range []func(UpdateCommand) error{
		e.setName, e.setVisibility, e.setSize, e.setLock, e.setPassword, e.setAttributes,
	} {
		if err := set(cmd); err != nil {
			return l, nil, err
		}
	}
	if len(diff(l.View(), e.View())) == 0 && e.PasswordHash == l.PasswordHash && equal(e.Attributes, l.Attributes) {
		return l, nil, nil
	}
	e.by(wire.CauseUpdated, cmd.Actor, "")
	return e.done()
}

func (l Lobby) checkUpdate(cmd UpdateCommand) error {
	if cmd.Server {
		return l.CheckOpen()
	}
	return l.checkHost(cmd.Actor)
}

func (e *edit) setName(cmd UpdateCommand) (err error) {
	if cmd.Set.Name != nil {
		e.Name, err = cleanName(*cmd.Set.Name, "set.name")
	}
	return err
}

func (e *edit) setVisibility(cmd UpdateCommand) (err error) {
	if v := cmd.Set.Visibility; v != nil && *v != e.Visibility {
		e.Visibility, err = e.Policy.visibility(*v, "set.visibility")
	}
	return err
}

func (e *edit) setSize(cmd UpdateCommand) error {
	if cmd.Set.MaxMembers == nil || *cmd.Set.MaxMembers == e.MaxMembers {
		return nil
	}
	n := *cmd.Set.MaxMembers
	if err := e.Policy.checkSize(n, "set.maxMembers"); err != nil {
		return err
	}
	if n < e.Players() {
		return wire.Invalid("set.maxMembers", fmt.Sprintf("there are %d players in the lobby", e.Players()))
	}
	e.MaxMembers = n
	e.clearReady()
	return nil
}

func (e *edit) setLock(cmd UpdateCommand) error {
	if cmd.Set.Locked == nil {
		return nil
	}
	if e.Status != wire.LobbyOpen && e.Status != wire.LobbyLocked {
		return e.checkNotStarted()
	}
	e.Status = wire.LobbyOpen
	if *cmd.Set.Locked {
		e.Status = wire.LobbyLocked
	}
	return nil
}

func (e *edit) setPassword(cmd UpdateCommand) error {
	if cmd.Set.Password != nil {
		if err := e.Policy.CheckPassword(*cmd.Set.Password, "set.password"); err != nil {
			return err
		}
		if *cmd.Set.Password != "" && cmd.PasswordHash == "" {
			return wire.Refuse(wire.CodeUnavailable, "the lobby got another host at this moment; try again")
		}
		e.PasswordHash = cmd.PasswordHash
	}
	if slices.Contains(cmd.Unset, unsetPassword) {
		e.PasswordHash = ""
	}
	return nil
}

func (e *edit) setAttributes(cmd UpdateCommand) error {
	keys := slices.DeleteFunc(slices.Clone(cmd.Unset), func(key string) bool { return key == unsetPassword })
	writer := ofLobby
	if cmd.Server {
		writer = byServer
	}
	next, err := e.Policy.write(e.Attributes, writer, cmd.Set.Attributes, keys, "set.attributes")
	if err != nil {
		return err
	}
	if !equal(e.Attributes, next) {
		e.Attributes = next
		e.clearReady()
	}
	return nil
}
