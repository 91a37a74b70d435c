package lobby

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// quickTries is how many of the lobbies that were found are tried.
const quickTries = 8

// QuickJoin brings the caller into one of the open lobbies that the filter is true of,
// or makes one. Created tells which.
func (s *Service) QuickJoin(ctx context.Context, c command.Call, req *wire.LobbyQuickJoin) (out Outcome, created bool, err error) {
	along, err := s.along(ctx, c, req.PartyID)
	if err != nil {
		return Outcome{}, false, err
	}
	q, known, err := s.quickJoined(ctx, c, req, along)
	if known || err != nil {
		return q.out, q.created, err
	}
	search := &wire.LobbySearch{Type: req.Type, Filter: map[string]wire.LobbyFilter{}, Sort: "free"}
	for field, filter := range req.Filter {
		search.Filter[field] = filter
	}
	for field, filter := range map[string]wire.LobbyFilter{
		"status": {Eq: string(wire.LobbyOpen)}, "hasPassword": {Eq: false}, "free": {Gte: float64(1 + len(along.With))},
	} {
		if _, given := req.Filter[field]; !given {
			search.Filter[field] = filter
		}
	}
	found, err := s.Search(ctx, search)
	if err != nil {
		return Outcome{}, false, err
	}
	out, err = s.joinAny(ctx, c, &q, found.Lobbies, along, req.Member)
	if err != nil || out.Lobby.ID != "" {
		return out, false, err
	}
	if req.CreateIfNone == nil {
		return Outcome{}, false, wire.Refuse(wire.CodeNotFound, "there is no such lobby to join")
	}
	wanted := req.CreateIfNone
	out, err = s.Create(ctx, c, &wire.LobbyCreate{
		Key: req.Key, Type: req.Type, Name: wanted.Name, Visibility: wire.VisibilityPublic,
		MaxMembers: wanted.MaxMembers, Attributes: wanted.Attributes, Member: req.Member, PartyID: req.PartyID,
	})
	return out, true, wanting(err)
}

// quickSpace is the space of ids in which a quick join notes the lobby that it tries.
const quickSpace = "lobby-quick"

// quickJoined finds the lobby that the same request has brought the caller into, or made,
// before. A search would find another: that one may be full now. tried is the lobby that an
// earlier attempt has tried last.
func (s *Service) quickJoined(
	ctx context.Context, c command.Call, req *wire.LobbyQuickJoin, along Along,
) (q quick, known bool, err error) {
	once := s.once(c.ID, c.Key)
	if once == nil {
		return q, false, nil
	}
	for _, space := range []string{quickSpace, createSpace} {
		id, err := s.ids.Known(ctx, space, c.ID, c.Key)
		if err != nil {
			return q, false, err
		}
		if space == quickSpace {
			q.tried = id
		}
		if id == "" {
			continue
		}
		first, known, err := stream.Recall(ctx, s.Store, StreamID(id), once)
		if err != nil {
			return q, false, err
		}
		if known {
			q.out, err = s.join(ctx, c, id, quickly(c, along, req.Member), "")
			q.created = first.Seq == 1
			return q, true, err
		}
	}
	return q, false, nil
}

// quick is how far a quick join is.
type quick struct {
	out     Outcome
	created bool
	// tried is the lobby that was tried last; "" for none.
	tried string
}

// try notes the lobby under the request's key, and joins it.
func (s *Service) try(ctx context.Context, c command.Call, q *quick, id string, cmd JoinCommand) (Outcome, error) {
	if c.Key != "" {
		if err := s.ids.Choose(ctx, quickSpace, c.ID, c.Key, q.tried, id); err != nil {
			return Outcome{}, err
		}
		q.tried = id
	}
	return s.join(ctx, c, id, cmd, "")
}

// quickly is the command to join a lobby that was found.
func quickly(c command.Call, along Along, member *wire.MemberInit) JoinCommand {
	return JoinCommand{User: actor(c.Caller), Member: memberInit(member), Along: Along{along.Party, slices.Clone(along.With)}}
}

// wanting names the field of a refused create where quickJoin has it.
func wanting(err error) error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return err
	}
	field, _, _ := strings.Cut(refusal.Field, ".")
	if field != "name" && field != "maxMembers" && field != "attributes" {
		return err
	}
	named := *refusal
	named.Field = "createIfNone." + refusal.Field
	return &named
}

// joinAny tries the fullest of the lobbies first, from any of those that are equally
// full, so that users who come at once do not all want the same. Without an error and
// without a lobby, none of them would have the caller.
func (s *Service) joinAny(ctx context.Context, c command.Call, q *quick, found []wire.LobbyListing, along Along, member *wire.MemberInit) (Outcome, error) {
	equal := 0
	for equal < len(found) && found[equal].MaxMembers-found[equal].Players == found[0].MaxMembers-found[0].Players {
		equal++
	}
	rand.Shuffle(equal, func(i, j int) { found[i], found[j] = found[j], found[i] })
	for _, listing := range found[:min(len(found), quickTries)] {
		out, err := s.try(ctx, c, q, listing.ID, quickly(c, along, member))
		if err == nil || !elsewhere(err) {
			return out, err
		}
	}
	return Outcome{}, nil
}

// elsewhere tells whether another lobby may have a user whom this one refused.
func elsewhere(err error) bool {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Code {
	case wire.CodeNotFound, wire.CodeBanned, wire.CodeFailedPrecondition:
		return true
	}
	return false
}
