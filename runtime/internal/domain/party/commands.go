package party

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Create makes a party that the caller leads.
func (s *Service) Create(ctx context.Context, c request.Call, req *wire.PartyCreate) (Outcome, error) {
	cmd := rules.CreateCommand{Leader: actor(c.Caller), MaxMembers: req.MaxMembers, Attributes: req.Attributes}
	// The rules are asked before anything is taken for a party that they refuse.
	if _, _, err := rules.Create(cmd, s.Now()); err != nil {
		return Outcome{}, err
	}
	var err error
	if cmd.ID, err = s.ids.ID(ctx, createSpace, c.ID, c.Key); err != nil {
		return Outcome{}, err
	}
	m := membership.Membership{Group: cmd.ID, ID: cmd.ID}
	if err = s.addMembership(ctx, c.ID, m); err != nil {
		return Outcome{}, err
	}
	if cmd.Code, err = s.claimCode(ctx, cmd.ID); err != nil {
		return Outcome{}, err
	}
	p, patches, err := rules.Create(cmd, s.Now())
	if err != nil {
		return Outcome{}, err
	}
	events, err := encode(patches)
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.keeper.Create(ctx, cmd.ID, nil, p, events)
	if err != nil || !out.Repeated {
		return out, err
	}
	// The same request made the party before; its leader may have left since.
	return s.attach(ctx, c.Caller, cmd.ID)
}

func (s *Service) claimCode(ctx context.Context, partyID string) (string, error) {
	for range codeTries {
		code := ids.NewCode(codeLength)
		mine, err := s.Names.Claim(ctx, codeSpace, code, partyID, partyTTL)
		if err != nil {
			return "", fmt.Errorf("claim a party's code: %w", err)
		}
		if mine {
			return code, nil
		}
	}
	return "", wire.Refuse(wire.CodeUnavailable, "no code is free right now")
}

// Get returns the named party or, without a name, the caller's party. It connects the caller's
// session.
func (s *Service) Get(ctx context.Context, c request.Call, partyID string) (Outcome, error) {
	if partyID == "" {
		p, in, err := s.Of(ctx, c.ID)
		if err != nil {
			return Outcome{}, err
		}
		if !in {
			return Outcome{}, wire.Refuse(wire.CodeNotFound, "you are in no party")
		}
		partyID = p.ID
	}
	return s.attach(ctx, c.Caller, partyID)
}

// Join adds the caller by a code.
func (s *Service) Join(ctx context.Context, c request.Call, req *wire.PartyJoin) (Outcome, error) {
	code := text.Code(req.Code)
	guess, err := s.Budgets.Guess(ctx, budget.Codes, c.ID, "")
	if err != nil {
		return Outcome{}, err
	}
	id, err := s.Names.Owner(ctx, codeSpace, code)
	if errors.Is(err, stream.ErrNotFound) {
		return Outcome{}, wire.Refuse(wire.CodeNotFound, "no party has this code")
	}
	if err != nil {
		guess.Void(ctx)
		return Outcome{}, fmt.Errorf("look up a party's code: %w", err)
	}
	guess.Right(ctx)
	return s.join(ctx, c, id, rules.JoinCommand{User: actor(c.Caller), Code: code, Attributes: req.Attributes})
}

// Accept adds the caller by an invite.
func (s *Service) Accept(ctx context.Context, c request.Call, req *wire.PartyRespondInvite) (Outcome, error) {
	cmd := rules.JoinCommand{User: actor(c.Caller), Invite: req.InviteID, Attributes: req.Attributes}
	return s.join(ctx, c, rules.PartyOfInvite(req.InviteID), cmd)
}

// attempts is how many times a command is decided and prepared. Each attempt after the first
// needs a change of the party between a decision and its commit.
const attempts = 4

// join adds the caller to a party: it decides on a snapshot whether the join needs a membership,
// reserves the membership outside of the compare-and-set, and commits.
func (s *Service) join(ctx context.Context, c request.Call, partyID string, cmd rules.JoinCommand) (Outcome, error) {
	for range attempts {
		p, err := s.load(ctx, partyID)
		if isNotFound(err) {
			return Outcome{}, rules.CodeExpired()
		}
		if err != nil {
			return Outcome{}, err
		}
		transition := s.prepareJoin(ctx, c, p, &cmd)
		out, err := s.change(ctx, partyID, s.once(c), transition)
		if !errors.Is(err, rules.ErrNotPrepared) {
			return s.finishJoin(ctx, c, partyID, cmd, out, err)
		}
	}
	return Outcome{}, fmt.Errorf("party %s changed during each of %d attempts to join: %w", partyID, attempts, stream.ErrConflict)
}

// prepareJoin reserves the membership that a join of a party needs, and returns the transition
// to commit.
func (s *Service) prepareJoin(ctx context.Context, c request.Call, p rules.Party, cmd *rules.JoinCommand) rules.Transition {
	needed, err := p.NeedsMembership(*cmd, s.Now())
	if err != nil || !needed {
		return rules.Join(*cmd) // the commit decides again, on the current party
	}
	id, err := s.ids.ID(ctx, joinSpace, c.ID, c.Key)
	if err != nil {
		return rules.Refuse(err)
	}
	if err = s.addMembership(ctx, c.ID, membership.Membership{Group: p.ID, ID: id}); err != nil {
		return rules.Refuse(err)
	}
	cmd.MembershipID = id
	return rules.Join(*cmd)
}

// finishJoin removes the reserved membership if the join did not use it. After an error of the
// store, the join may have been committed: its membership stays until it is found stale.
func (s *Service) finishJoin(
	ctx context.Context, c request.Call, partyID string, cmd rules.JoinCommand, out Outcome, err error,
) (Outcome, error) {
	if isNotFound(err) {
		err = rules.CodeExpired()
	}
	unused := isRefusal(err) || err == nil && out.State.Members[c.ID].MembershipID != cmd.MembershipID
	if unused && cmd.MembershipID != "" {
		err = errors.Join(err, s.memberships.Remove(ctx, partiesOf(c.ID), membership.Membership{Group: partyID, ID: cmd.MembershipID}))
	}
	if err != nil {
		return Outcome{}, err
	}
	// The user of a repeated request may have left since the first request.
	_, err = out.State.ActiveMember(c.ID)
	return out, err
}

// Decline declines an invite.
func (s *Service) Decline(ctx context.Context, c request.Call, inviteID string) error {
	_, err := s.change(ctx, rules.PartyOfInvite(inviteID), s.once(c), rules.Decline(c.ID, inviteID))
	if isNotFound(err) {
		return rules.CodeExpired()
	}
	return err
}

// Invite invites a user, and publishes the invite on the user's stream.
func (s *Service) Invite(ctx context.Context, c request.Call, req *wire.PartyInvite) (rules.Invite, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return rules.Invite{}, err
	}
	now := s.Now()
	expiresAt := now.Add(rules.InviteTTL).UnixMilli()
	out, err := s.change(ctx, req.PartyID, s.once(c).With(strconv.AppendInt(nil, expiresAt, 10)),
		rules.SendInvite(actor(c.Caller), req.UserID, nonce, now))
	if err != nil {
		return rules.Invite{}, err
	}
	invite, open := out.State.Invites[req.UserID]
	if !open { // a repeated request, and the user has answered since
		expiresAt, err := strconv.ParseInt(string(out.Value), 10, 64)
		return rules.Invite{ID: rules.InviteID(req.PartyID, nonce), ExpiresAt: expiresAt}, err
	}
	return invite, s.notifyInvited(ctx, out.State.ID, req.UserID, invite)
}

// notifyInvited publishes party:invited to the user, once for each invitation.
func (s *Service) notifyInvited(ctx context.Context, partyID, userID string, i rules.Invite) error {
	invited := wire.PartyInvited{
		InviteID: i.ID, PartyID: partyID, FromID: i.From, FromName: i.FromName, ExpiresAt: i.ExpiresAt,
	}
	_, err := s.users.Publish(ctx, userID, userstream.Message{
		Cause: userstream.ByUsers, Event: wire.EventPartyInvited, Payload: invited,
		Once: onceNotified(i.ID, fmt.Sprint(cmp.Or(i.PushedAt, i.ExpiresAt))),
	})
	if err == nil && s.Events != nil {
		s.Events.Invited(ctx, userID, invited)
	}
	return err
}

// Leave removes the caller.
func (s *Service) Leave(ctx context.Context, c request.Call, partyID string) (Outcome, error) {
	return s.change(ctx, partyID, s.once(c), rules.Leave(actor(c.Caller)))
}

// Kick removes another member (leader only).
func (s *Service) Kick(ctx context.Context, c request.Call, req *wire.PartyKick) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.Kick(c.ID, req.UserID, req.Reason))
}

// Promote makes another member the leader (leader only).
func (s *Service) Promote(ctx context.Context, c request.Call, req *wire.PartyPromote) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.Promote(c.ID, req.UserID))
}

// SetMember changes the caller's attributes.
func (s *Service) SetMember(ctx context.Context, c request.Call, req *wire.PartySetMember) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.once(c), rules.SetMember(c.ID, req.Attributes, req.Unset))
}
