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
	stay := membership.Stay{Group: cmd.ID, Enrolment: cmd.ID}
	if err = s.enroll(ctx, c.ID, stay); err != nil {
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

// Get reads the caller's party, the named one or the one it is in. Its session
// counts as connected from then on.
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

// Join brings the caller in by a code.
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
	return s.come(ctx, c, id, rules.JoinCommand{User: actor(c.Caller), Code: code, Attributes: req.Attributes})
}

// Accept brings the caller in by an invite.
func (s *Service) Accept(ctx context.Context, c request.Call, req *wire.PartyRespondInvite) (Outcome, error) {
	cmd := rules.JoinCommand{User: actor(c.Caller), Invite: req.InviteID, Attributes: req.Attributes}
	return s.come(ctx, c, rules.PartyOfInvite(req.InviteID), cmd)
}

// come enrolls the caller when the party lets it in, and takes that back when it
// came to nothing.
func (s *Service) come(ctx context.Context, c request.Call, partyID string, cmd rules.JoinCommand) (Outcome, error) {
	out, err := s.change(ctx, partyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		next, patches, err := p.Join(cmd, s.Now())
		if err != nil || p.Has(c.ID) || cmd.Enrolment != "" {
			return next, patches, err
		}
		if cmd.Enrolment, err = s.ids.ID(ctx, joinSpace, c.ID, c.Key); err != nil {
			return p, nil, err
		}
		if err = s.enroll(ctx, c.ID, membership.Stay{Group: partyID, Enrolment: cmd.Enrolment}); err != nil {
			cmd.Enrolment = "" // the rule may run again, and must not take this for an entry
			return p, nil, err
		}
		return p.Join(cmd, s.Now())
	})
	if isNotFound(err) {
		err = rules.CodeExpired()
	}
	var refusal *wire.Error
	unused := errors.As(err, &refusal) || err == nil && out.State.Members[c.ID].Enrolment != cmd.Enrolment
	if unused && cmd.Enrolment != "" {
		err = errors.Join(err, s.stays.Strike(ctx, setOf(c.ID), membership.Stay{Group: partyID, Enrolment: cmd.Enrolment}))
	}
	if err != nil {
		return Outcome{}, err
	}
	// A repeated request may be of a user who is not in any more.
	_, err = out.State.ActiveMember(c.ID)
	return out, err
}

// Decline turns an invite down.
func (s *Service) Decline(ctx context.Context, c request.Call, inviteID string) error {
	_, err := s.change(ctx, rules.PartyOfInvite(inviteID), s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Decline(c.ID, inviteID, s.Now())
	})
	if isNotFound(err) {
		return rules.CodeExpired()
	}
	return err
}

// Invite asks a user in, and tells it on its own stream.
func (s *Service) Invite(ctx context.Context, c request.Call, req *wire.PartyInvite) (rules.Invite, error) {
	nonce, err := s.ids.ID(ctx, inviteSpace, c.ID, c.Key)
	if err != nil {
		return rules.Invite{}, err
	}
	now := s.Now()
	expiresAt := now.Add(rules.InviteTTL).UnixMilli()
	out, err := s.change(ctx, req.PartyID, s.onceOf(c).With(strconv.AppendInt(nil, expiresAt, 10)),
		func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Invite(actor(c.Caller), req.UserID, nonce, now)
		})
	if err != nil {
		return rules.Invite{}, err
	}
	invite, open := out.State.Invites[req.UserID]
	if !open { // a repeated request, and the user has answered since
		expiresAt, err := strconv.ParseInt(string(out.Value), 10, 64)
		return rules.Invite{ID: rules.InviteID(req.PartyID, nonce), ExpiresAt: expiresAt}, err
	}
	return invite, s.tellInvited(ctx, out.State.ID, req.UserID, invite)
}

// tellInvited tells a user that it is asked in, once for each time that it is.
func (s *Service) tellInvited(ctx context.Context, partyID, userID string, i rules.Invite) error {
	invited := wire.PartyInvited{
		InviteID: i.ID, PartyID: partyID, FromID: i.From, FromName: i.FromName, ExpiresAt: i.ExpiresAt,
	}
	_, err := s.users.Tell(ctx, userID, userstream.Message{
		Cause: userstream.ByUsers, Event: wire.EventPartyInvited, Payload: invited,
		Once: once(i.ID, fmt.Sprint(cmp.Or(i.ToldAt, i.ExpiresAt))),
	})
	if err == nil && s.Invited != nil {
		s.Invited(ctx, userID, invited)
	}
	return err
}

// Leave takes the caller out.
func (s *Service) Leave(ctx context.Context, c request.Call, partyID string) (Outcome, error) {
	return s.change(ctx, partyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Leave(actor(c.Caller), s.Now())
	})
}

// Kick takes another member out (leader only).
func (s *Service) Kick(ctx context.Context, c request.Call, req *wire.PartyKick) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Kick(c.ID, req.UserID, req.Reason, s.Now())
	})
}

// Promote makes another member the leader (leader only).
func (s *Service) Promote(ctx context.Context, c request.Call, req *wire.PartyPromote) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.Promote(c.ID, req.UserID, s.Now())
	})
}

// SetMember changes the caller's attributes.
func (s *Service) SetMember(ctx context.Context, c request.Call, req *wire.PartySetMember) (Outcome, error) {
	return s.change(ctx, req.PartyID, s.onceOf(c), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		return p.SetMember(c.ID, req.Attributes, req.Unset, s.Now())
	})
}
