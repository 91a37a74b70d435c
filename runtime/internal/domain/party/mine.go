package party

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Place is the party that a user is in, as session:ready says it; nil when in none. A
// user without a party costs one read of a set.
func (s *Service) Place(ctx context.Context, userID string) (*wire.PartyPlace, error) {
	ids, err := s.memberships.Groups(ctx, partiesOf(userID))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		snap, err := s.Store.Load(ctx, StreamID(id))
		if errors.Is(err, stream.ErrNotFound) || err == nil && snap.Doc == nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		p, err := s.keeper.Decode(snap)
		if err != nil {
			return nil, err
		}
		if p.Has(userID) && !p.Closed() {
			return &wire.PartyPlace{PartyID: p.ID, Meta: *meta(p.ID, snap.Position, snap.TS)}, nil
		}
	}
	return nil, nil
}
