package lobby

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// along finds those whom a request brings.
func (s *Service) along(ctx context.Context, c request.Call, partyID string) (rules.Along, error) {
	if partyID == "" {
		return rules.Along{}, nil
	}
	others, err := s.Companions(ctx, c.ID, partyID)
	if err != nil {
		return rules.Along{}, err
	}
	all := rules.Along{Party: partyID}
	for _, user := range others {
		all.With = append(all.With, rules.Companion{Actor: user})
	}
	return all, nil
}

// entrant is one who comes in by a caller's command, and where the command has its
// enrolment.
type entrant struct {
	id        string
	enrolment *string
}

// entrants are all who come in, the caller first.
func entrants(callerID string, enrolment *string, along *rules.Along) []entrant {
	all := []entrant{{callerID, enrolment}}
	for i := range along.With {
		all = append(all, entrant{along.With[i].ID, &along.With[i].Enrolment})
	}
	return all
}

// enrollFor is enroll for a caller, or one whom it brings.
func (s *Service) enrollFor(ctx context.Context, callerID string, e entrant, l rules.Lobby) error {
	err := s.enroll(ctx, e.id, *e.enrolment, l)
	var refusal *wire.Error
	if e.id != callerID && errors.As(err, &refusal) {
		// The lobbies of another user are not the caller's to know.
		return wire.Already(refusal.Code, refusal.Reason, e.id+" is in as many lobbies as it may be").At("partyId")
	}
	return err
}

// enrollAll enrolls all who come into a new lobby, or nobody.
func (s *Service) enrollAll(ctx context.Context, all []entrant, l rules.Lobby) error {
	for i, e := range all {
		*e.enrolment = l.ID
		err := s.enrollFor(ctx, all[0].id, e, l)
		if err == nil {
			continue
		}
		return errors.Join(err, s.strikeAll(ctx, all[:i], l))
	}
	return nil
}

// strikeAll takes back what enrollAll did for a lobby that is not made.
func (s *Service) strikeAll(ctx context.Context, all []entrant, l rules.Lobby) error {
	var failures []error
	for _, entered := range all {
		failures = append(failures, s.strike(ctx, entered.id, l.ID, l))
	}
	return errors.Join(failures...)
}
