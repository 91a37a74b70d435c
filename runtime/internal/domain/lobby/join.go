package lobby

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Join adds the caller to a lobby, by its id, its code or an invite.
func (s *Service) Join(ctx context.Context, c request.Call, req *wire.LobbyJoin) (Outcome, error) {
	cmd := rules.JoinCommand{
		User: actor(c.Caller), Code: text.Code(req.Code), Invite: req.InviteID, As: req.As, Member: memberInit(req.Member),
	}
	if req.Team != "" {
		cmd.Member.Team = req.Team
	}
	id, err := s.resolve(ctx, c.ID, req.LobbyID, cmd.Code, cmd.Invite)
	if err != nil {
		return Outcome{}, err
	}
	if cmd.Invite != "" && req.PartyID != "" {
		return Outcome{}, wire.Invalid("partyId", "an invite is for one user: join by id or by code")
	}
	if cmd.PartyJoin, err = s.partyJoin(ctx, c, req.PartyID); err != nil {
		return Outcome{}, err
	}
	return s.join(ctx, c, id, cmd, req.Password)
}

// attempts is how many times a join is decided and prepared. Each attempt after the first
// needs a change of the lobby between a decision and its commit.
const attempts = 4

// join adds the caller to a lobby: it decides on a snapshot what the join needs, prepares that
// outside of the compare-and-set, and commits.
func (s *Service) join(ctx context.Context, c request.Call, id string, cmd rules.JoinCommand, password string) (Outcome, error) {
	invited := cmd.Code != "" || cmd.Invite != ""
	for range attempts {
		l, err := s.load(ctx, id)
		if err != nil {
			return Outcome{}, codeExpiredIfGone(err, invited)
		}
		if invited && l.Closed() && !l.Has(c.ID) {
			return Outcome{}, rules.CodeExpired()
		}
		transition, err := s.prepareJoin(ctx, c, l, &cmd, password)
		if err != nil {
			return Outcome{}, err
		}
		out, err := s.change(ctx, id, s.once(c.ID, c.Key), transition)
		if !errors.Is(err, rules.ErrNotPrepared) {
			return s.finishJoin(ctx, c, &cmd, l, out, err)
		}
	}
	return Outcome{}, fmt.Errorf("lobby %s changed during each of %d attempts to join: %w", id, attempts, stream.ErrConflict)
}

// prepareJoin proves the password and reserves the memberships that a join of a lobby needs,
// and returns the transition to commit.
func (s *Service) prepareJoin(
	ctx context.Context, c request.Call, l rules.Lobby, cmd *rules.JoinCommand, password string,
) (rules.Transition, error) {
	needs, err := l.DecideJoin(*cmd, s.Now())
	if err == nil && needs.Password {
		if cmd.Proof, err = s.provePassword(ctx, c, l, password); err != nil {
			return rules.Transition{}, err
		}
		needs, err = l.DecideJoin(*cmd, s.Now())
	}
	if err != nil {
		return rules.Join(*cmd), nil //nolint:nilerr // the commit decides again, on the current lobby
	}
	if err := s.reserveMemberships(ctx, c, l, cmd, needs.Memberships); err != nil {
		return rules.Refuse(err), nil
	}
	return rules.Join(*cmd), nil
}

// reserveMemberships reserves memberships of the lobby for users, before the commit that makes
// them members.
func (s *Service) reserveMemberships(
	ctx context.Context, c request.Call, l rules.Lobby, cmd *rules.JoinCommand, users []string,
) error {
	for _, e := range membersOfJoin(cmd) {
		if !slices.Contains(users, e.id) {
			continue
		}
		scope := e.id
		if e.id != c.ID {
			scope += "\x00" + c.ID // the key is the caller's
		}
		id, err := s.ids.ID(ctx, joinSpace, scope, c.Key)
		if err != nil {
			return err
		}
		*e.membershipID = id
		if err := s.addMembershipFor(ctx, c.ID, e, l); err != nil {
			*e.membershipID = "" // without an entry, no membership may be committed
			return err
		}
	}
	return nil
}

// finishJoin removes the reserved memberships that the join did not use. After an error of the
// store, the join may have been committed: its memberships stay until they are found stale.
func (s *Service) finishJoin(
	ctx context.Context, c request.Call, cmd *rules.JoinCommand, l rules.Lobby, out Outcome, err error,
) (Outcome, error) {
	unknown, failures := err != nil && !isRefusal(err), []error{err}
	for _, e := range membersOfJoin(cmd) {
		used := unknown || err == nil && out.Lobby.Members[e.id].MembershipID == *e.membershipID
		if !used && *e.membershipID != "" {
			failures = append(failures, s.removeMembership(ctx, e.id, *e.membershipID, l))
		}
	}
	if err := errors.Join(failures...); err != nil {
		return Outcome{}, err
	}
	// The user of a repeated request may have left since the first request.
	_, err = out.Lobby.ActiveMember(c.ID)
	return out, err
}

// provePassword returns the hash of the lobby's password if the user's password matches, else
// "". A wrong password counts for the user and the lobby before the comparison. When the host
// changes the password at the same time, the commit refuses the old hash.
func (s *Service) provePassword(ctx context.Context, c request.Call, l rules.Lobby, password string) (string, error) {
	if password == "" {
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

func membersOfJoin(cmd *rules.JoinCommand) []newMember {
	return newMembers(cmd.User.ID, &cmd.MembershipID, &cmd.PartyJoin)
}
