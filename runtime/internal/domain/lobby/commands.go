package lobby

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

func actor(c request.Caller) rules.Actor {
	return rules.Actor{ID: c.ID, Name: c.Name, Session: c.SessionID}
}

// Create makes a lobby with the caller as its host.
func (s *Service) Create(ctx context.Context, c request.Call, req *wire.LobbyCreate) (Outcome, error) {
	policy, ok := s.Policies.Policy(req.Type)
	if !ok {
		return Outcome{}, wire.Invalid("type", "there is no such type of lobby")
	}
	cmd := rules.CreateCommand{
		Host: actor(c.Caller), Name: req.Name, Visibility: req.Visibility, MaxMembers: req.MaxMembers,
		Attributes: req.Attributes, Member: memberInit(req.Member),
	}
	if err := policy.CheckPassword(req.Password, "password"); err != nil {
		return Outcome{}, err
	}
	var err error
	if cmd.PartyJoin, err = s.partyJoin(ctx, c, req.PartyID); err != nil {
		return Outcome{}, err
	}
	// The rules are asked before anything is taken for a lobby that they refuse.
	if _, _, err := rules.Create(policy, cmd, s.Now()); err != nil {
		return Outcome{}, err
	}
	if cmd.ID, err = s.ids.ID(ctx, createSpace, c.ID, c.Key); err != nil {
		return Outcome{}, err
	}
	return s.create(ctx, c, policy, cmd, req.Password)
}

func memberInit(m *wire.MemberInit) wire.MemberInit {
	if m == nil {
		return wire.MemberInit{}
	}
	return *m
}

// create reserves the memberships and the code of a new lobby, and commits the lobby. The
// password is hashed last, because hashing is expensive and the other steps can refuse.
func (s *Service) create(ctx context.Context, c request.Call, policy rules.Policy, cmd rules.CreateCommand, password string) (Outcome, error) {
	l, _, err := rules.Create(policy, cmd, s.Now())
	if err != nil {
		return Outcome{}, err
	}
	all := newMembers(c.ID, new(string), &cmd.PartyJoin)
	if err := s.addMemberships(ctx, all, l); err != nil {
		return Outcome{}, err
	}
	if cmd.PasswordHash, err = s.hashPassword(ctx, c, password); err != nil {
		return Outcome{}, errors.Join(err, s.removeMemberships(ctx, all, l))
	}
	if cmd.Code, err = s.claimCode(ctx, l); err != nil {
		return Outcome{}, err
	}
	l, patches, err := rules.Create(policy, cmd, s.Now())
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.commitNew(ctx, l, patches, s.once(c.ID, c.Key))
	if err != nil || out.Lobby.Code == cmd.Code || cmd.Code == "" {
		return out, err
	}
	// The lobby exists since an earlier try, with another code.
	if err := s.Names.Release(ctx, codeSpace, cmd.Code, cmd.ID); err != nil {
		return Outcome{}, fmt.Errorf("release a join code: %w", err)
	}
	return out, nil
}

// commitNew writes a lobby that must not exist yet, except from an earlier try of
// the same request.
func (s *Service) commitNew(ctx context.Context, l rules.Lobby, patches []wire.LobbyPatch, once *stream.Once) (Outcome, error) {
	events, err := encode(patches)
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.keeper.Create(ctx, l.ID, once, l, events)
	if err == nil && !out.Repeated {
		s.afterCommit(ctx, rules.Lobby{Status: wire.LobbyClosed}, out.State)
		_ = s.applySideEffects(ctx, out.State, causedSince(0, true)) // OnDeadline repeats failed side effects
	}
	return outcome(out), err
}

// hashPassword hashes the password that a host sets, after the rules allowed the password.
func (s *Service) hashPassword(ctx context.Context, c request.Call, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if _, err := s.Budgets.Spend(ctx, budget.Hashes, c.ID); err != nil {
		return "", err
	}
	return s.passwords.hash(ctx, asker{c.ID, 1, c.Gone}, password)
}

// isRefusal reports whether a command certainly had no effect.
func isRefusal(err error) bool {
	var refusal *wire.Error
	return errors.As(err, &refusal)
}

// Get reads a lobby. A member's session counts as connected from then on; others
// see public lobbies only, and those without their code.
func (s *Service) Get(ctx context.Context, c request.Caller, lobbyID string) (Outcome, error) {
	out, err := s.attach(ctx, c, lobbyID)
	if err != nil || out.Lobby.Has(c.ID) {
		return out, err
	}
	if !out.Lobby.Public() || out.Lobby.Closed() {
		return Outcome{}, rules.NotFound()
	}
	return out, nil
}

// Leave removes the caller.
func (s *Service) Leave(ctx context.Context, c request.Call, lobbyID string) (Outcome, error) {
	return s.change(ctx, lobbyID, s.once(c.ID, c.Key), rules.Leave(actor(c.Caller), random()))
}

// Ready sets the caller's ready flag.
func (s *Service) Ready(ctx context.Context, c request.Call, req *wire.LobbyReady) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Ready(c.ID, req.Ready))
}

// SetMember changes the caller, or for the host another member.
func (s *Service) SetMember(ctx context.Context, c request.Call, req *wire.LobbySetMember) (Outcome, error) {
	cmd := rules.SetMemberCommand{Actor: c.ID, UserID: req.UserID, Team: req.Team, Role: req.Role, SwapWith: req.SwapWith, Set: req.Attributes, Unset: req.Unset}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.SetMember(cmd))
}

// Update changes the lobby itself (host only).
func (s *Service) Update(ctx context.Context, c request.Call, req *wire.LobbyUpdate) (Outcome, error) {
	cmd := rules.UpdateCommand{Actor: c.ID, Expected: req.ExpectedVersion, Unset: req.Unset}
	if req.Set != nil {
		cmd.Set = *req.Set
	}
	var err error
	if cmd.PasswordHash, err = s.newPassword(ctx, c, req.LobbyID, cmd); err != nil {
		return Outcome{}, err
	}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Update(cmd))
}

// newPassword hashes the password that a host sets, when nothing else in the update is
// refused. For anyone else it does not: the rules refuse them.
func (s *Service) newPassword(ctx context.Context, c request.Call, lobbyID string, cmd rules.UpdateCommand) (string, error) {
	if cmd.Set.Password == nil || *cmd.Set.Password == "" {
		return "", nil
	}
	l, err := s.load(ctx, lobbyID)
	if err != nil {
		return "", err
	}
	cmd.PasswordHash = "to come"
	if _, _, err := l.Update(cmd, s.Now()); err != nil {
		return "", nil //nolint:nilerr // the commit refuses the update with the same error
	}
	return s.hashPassword(ctx, c, *cmd.Set.Password)
}

// Kick removes another member (host only).
func (s *Service) Kick(ctx context.Context, c request.Call, req *wire.LobbyKick) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.Kick(c.ID, req.UserID, req.Reason))
}

// TransferHost makes another member the host (host only).
func (s *Service) TransferHost(ctx context.Context, c request.Call, req *wire.LobbyTransferHost) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), rules.TransferHost(c.ID, req.UserID))
}
