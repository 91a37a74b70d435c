package lobby

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
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
	if cmd.Along, err = s.along(ctx, c, req.PartyID); err != nil {
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

// create takes what a new lobby needs and commits it. The password is hashed last, when
// nothing else refuses the lobby.
func (s *Service) create(ctx context.Context, c request.Call, policy rules.Policy, cmd rules.CreateCommand, password string) (Outcome, error) {
	l, _, err := rules.Create(policy, cmd, s.Now())
	if err != nil {
		return Outcome{}, err
	}
	all := entrants(c.ID, new(string), &cmd.Along)
	if err := s.enrollAll(ctx, all, l); err != nil {
		return Outcome{}, err
	}
	if cmd.PasswordHash, err = s.hash(ctx, c, password); err != nil {
		return Outcome{}, errors.Join(err, s.strikeAll(ctx, all, l))
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
		s.follow(ctx, rules.Lobby{Status: wire.LobbyClosed}, out.State)
		_ = s.settle(ctx, out.State, newsAfter(0, true)) // a later Look does what fails
	}
	return outcome(out), err
}

// Join brings the caller in, found by id or by code.
func (s *Service) Join(ctx context.Context, c request.Call, req *wire.LobbyJoin) (Outcome, error) {
	cmd := rules.JoinCommand{
		User: actor(c.Caller), Code: text.Code(req.Code), Invite: req.InviteID, As: req.As, Member: memberInit(req.Member),
	}
	if req.Team != "" {
		cmd.Member.Team = req.Team
	}
	id, err := s.find(ctx, c.ID, req.LobbyID, cmd.Code, cmd.Invite)
	if err != nil {
		return Outcome{}, err
	}
	if cmd.Invite != "" && req.PartyID != "" {
		return Outcome{}, wire.Invalid("partyId", "an invite is for one user: join by id or by code")
	}
	if cmd.Along, err = s.along(ctx, c, req.PartyID); err != nil {
		return Outcome{}, err
	}
	return s.join(ctx, c, id, cmd, req.Password)
}

// join brings the caller into a lobby that was found.
func (s *Service) join(ctx context.Context, c request.Call, id string, cmd rules.JoinCommand, password string) (Outcome, error) {
	byWord := cmd.Code != "" || cmd.Invite != ""
	l, err := s.load(ctx, id)
	if err != nil {
		return Outcome{}, orExpired(err, byWord)
	}
	if byWord && l.Closed() && !l.Has(c.ID) {
		return Outcome{}, rules.CodeExpired()
	}
	if cmd.Proof, err = s.prove(ctx, c, l, cmd, password); err != nil {
		return Outcome{}, err
	}
	out, err := s.change(ctx, id, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		next, patches, err := l.Join(cmd, s.Now())
		if err != nil || enrolled(&cmd, l) {
			return next, patches, err
		}
		if err := s.reserve(ctx, c, &cmd, l); err != nil {
			return l, nil, err
		}
		return l.Join(cmd, s.Now())
	})
	return s.joined(ctx, c, &cmd, l, out, err)
}

// reserve enrolls the users whom the lobby lets in.
func (s *Service) reserve(ctx context.Context, c request.Call, cmd *rules.JoinCommand, l rules.Lobby) error {
	for _, e := range joinEntrants(cmd) {
		if l.Has(e.id) || *e.enrolment != "" {
			continue
		}
		scope := e.id
		if e.id != c.ID {
			scope += "\x00" + c.ID // the key is the caller's
		}
		var err error
		if *e.enrolment, err = s.ids.ID(ctx, joinSpace, scope, c.Key); err != nil {
			return err
		}
		if err := s.enrollFor(ctx, c.ID, e, l); err != nil {
			*e.enrolment = "" // the rule may run again, and must not take this for an entry
			return err
		}
	}
	return nil
}

// joined ends a join: an enrolment that came to nothing is taken back. When it is
// not known whether it did, it stays until it is found to be stale.
func (s *Service) joined(ctx context.Context, c request.Call, cmd *rules.JoinCommand, l rules.Lobby, out Outcome, err error) (Outcome, error) {
	unknown, failures := err != nil && !refused(err), []error{err}
	for _, e := range joinEntrants(cmd) {
		used := unknown || err == nil && out.Lobby.Members[e.id].Enrolment == *e.enrolment
		if !used && *e.enrolment != "" {
			failures = append(failures, s.strike(ctx, e.id, *e.enrolment, l))
		}
	}
	if err := errors.Join(failures...); err != nil {
		return Outcome{}, err
	}
	// A repeated request may be of a user who is not in any more.
	_, err = out.Lobby.ActiveMember(c.ID)
	return out, err
}

func (s *Service) find(ctx context.Context, userID, lobbyID, code, invite string) (string, error) {
	given := 0
	for _, way := range []string{lobbyID, code, invite} {
		if way != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return "", wire.Invalid("lobbyId", "give one of lobbyId, code and inviteId")
	case code != "":
		return s.byCode(ctx, userID, code)
	case invite != "":
		return rules.LobbyOfInvite(invite), nil
	}
	return lobbyID, nil
}

// orExpired is what a user learns who came with the code of a lobby that is gone, or
// an invite to it.
func orExpired(err error, byWord bool) error {
	if byWord && isNotFound(err) {
		return rules.CodeExpired()
	}
	return err
}

// prove gives the hash of the lobby's password if nothing but that is missing for
// the join, and the user's password matches. If the host changes the password at
// the same moment the join is refused, as it is for those who come later. Wrong passwords
// are counted for the user and the lobby before they are compared.
func (s *Service) prove(ctx context.Context, c request.Call, l rules.Lobby, cmd rules.JoinCommand, password string) (string, error) {
	var refusal *wire.Error
	_, _, err := l.Join(cmd, s.Now())
	if !errors.As(err, &refusal) || refusal.Reason != wire.ReasonWrongPassword || password == "" {
		return "", nil
	}
	guess, err := s.Budgets.Guess(ctx, budget.Passwords, c.ID, string(StreamID(l.ID)))
	if err != nil {
		return "", err
	}
	ok, err := s.passwords.match(ctx, asker{c.ID, guess.Count, c.Gone}, l.PasswordHash, password)
	switch {
	case err != nil:
		guess.Void(ctx)
		return "", err
	case !ok:
		return "", nil
	}
	guess.Right(ctx)
	return l.PasswordHash, nil
}

// hash hashes a password that a host gives a lobby. The rules have allowed it before.
func (s *Service) hash(ctx context.Context, c request.Call, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if _, err := s.Budgets.Spend(ctx, budget.Hashes, c.ID); err != nil {
		return "", err
	}
	return s.passwords.hash(ctx, asker{c.ID, 1, c.Gone}, password)
}

// refused tells whether a command certainly had no effect.
func refused(err error) bool {
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

// Leave takes the caller out.
func (s *Service) Leave(ctx context.Context, c request.Call, lobbyID string) (Outcome, error) {
	return s.change(ctx, lobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.Leave(actor(c.Caller), random(), s.Now())
	})
}

// Ready says whether the caller is ready.
func (s *Service) Ready(ctx context.Context, c request.Call, req *wire.LobbyReady) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.Ready(c.ID, req.Ready, s.Now())
	})
}

// SetMember changes the caller, or for the host another member.
func (s *Service) SetMember(ctx context.Context, c request.Call, req *wire.LobbySetMember) (Outcome, error) {
	cmd := rules.SetMemberCommand{Actor: c.ID, UserID: req.UserID, Team: req.Team, Role: req.Role, SwapWith: req.SwapWith, Set: req.Attributes, Unset: req.Unset}
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.SetMember(cmd, s.Now())
	})
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
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.Update(cmd, s.Now())
	})
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
	return s.hash(ctx, c, *cmd.Set.Password)
}

// Kick takes another member out (host only).
func (s *Service) Kick(ctx context.Context, c request.Call, req *wire.LobbyKick) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.Kick(c.ID, req.UserID, req.Reason, s.Now())
	})
}

// TransferHost makes another member the host (host only).
func (s *Service) TransferHost(ctx context.Context, c request.Call, req *wire.LobbyTransferHost) (Outcome, error) {
	return s.change(ctx, req.LobbyID, s.once(c.ID, c.Key), func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return l.TransferHost(c.ID, req.UserID, s.Now())
	})
}
