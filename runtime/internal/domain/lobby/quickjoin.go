package lobby

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// quickTries is how many of the lobbies that were found are tried.
const quickTries = 8

// QuickJoin adds the caller to an open lobby that matches the filter, or creates a lobby.
// created reports which of the two happened.
func (s *Service) QuickJoin(ctx context.Context, c request.Call, req *wire.LobbyQuickJoin) (out Outcome, created bool, err error) {
	along, err := s.partyJoin(ctx, c, req.PartyID)
	if err != nil {
		return Outcome{}, false, err
	}
	q, known, err := s.recallQuickJoin(ctx, c, req, along)
	if known || err != nil {
		return q.out, q.created, err
	}
	search := quickSearch(req, along)
	find := func() (Outcome, error) {
		found, err := s.Search(ctx, search)
		if err != nil {
			return Outcome{}, err
		}
		return s.joinFirst(ctx, c, &q, found.Lobbies, along, req.Member)
	}
	if req.CreateIfNone == nil {
		out, err = find()
		if err == nil && out.Lobby.ID == "" {
			err = wire.Refuse(wire.CodeNotFound, "there is no such lobby to join")
		}
		return out, false, err
	}
	out, done, err := s.findOrTakeTurn(ctx, search, find)
	defer done()
	if err != nil || out.Lobby.ID != "" {
		return out, false, err
	}
	wanted := req.CreateIfNone
	out, err = s.Create(ctx, c, &wire.LobbyCreate{
		Key: req.Key, Type: req.Type, Name: wanted.Name, Visibility: wire.VisibilityPublic,
		MaxMembers: wanted.MaxMembers, Attributes: wanted.Attributes, Member: req.Member, PartyID: req.PartyID,
	})
	return out, true, createField(err)
}

// quickSearch is the search for a lobby that has room: open, without a password, unless the
// filter of the request says otherwise.
func quickSearch(req *wire.LobbyQuickJoin, along rules.PartyJoin) *wire.LobbySearch {
	search := &wire.LobbySearch{Type: req.Type, Filter: map[string]wire.LobbyFilter{}, Sort: "free"}
	maps.Copy(search.Filter, req.Filter)
	for field, filter := range map[string]wire.LobbyFilter{
		"status": {Eq: string(wire.LobbyOpen)}, "hasPassword": {Eq: false}, "free": {Gte: float64(1 + len(along.Companions))},
	} {
		if _, given := req.Filter[field]; !given {
			search.Filter[field] = filter
		}
	}
	return search
}

const (
	// makeSpace is the space of names in which a quick join claims the turn to make a lobby.
	createTurnSpace = "lobby-make"
	// turnWithin bounds the wait for a turn; turnTTL frees the turn of a server that died.
	turnWithin, turnTTL = 3 * time.Second, 5 * time.Second
	// turnEvery is the pause between two searches of a request that waits for its turn.
	turnEvery = 50 * time.Millisecond
)

// findOrTakeTurn finds a lobby, or takes the turn to create one: of concurrent requests with
// the same search, one creates a lobby and the others join it. After turnWithin a request
// creates a lobby without the turn, so that a slow server does not block the others. done
// returns the turn.
func (s *Service) findOrTakeTurn(
	ctx context.Context, search *wire.LobbySearch, find func() (Outcome, error),
) (out Outcome, done func(), err error) {
	body, err := json.Marshal(search)
	if err != nil {
		return Outcome{}, func() {}, fmt.Errorf("name a search: %w", err)
	}
	sum := sha256.Sum256(body)
	name, owner := hex.EncodeToString(sum[:16]), ulid.Make().String()
	release := func() {
		ctx, cancel := context.WithTimeout(stream.Detached(ctx), time.Second)
		defer cancel()
		_ = s.Names.Release(ctx, createTurnSpace, name, owner) // else the turn ends with its TTL
	}
	for waited := time.Duration(0); ; waited += turnEvery {
		if out, err = find(); err != nil || out.Lobby.ID != "" {
			return out, func() {}, err
		}
		mine, err := s.Names.Claim(ctx, createTurnSpace, name, owner, turnTTL)
		if err != nil {
			return Outcome{}, func() {}, fmt.Errorf("take the turn to make a lobby: %w", err)
		}
		if mine {
			out, err = find() // another request may have made one since the search
			return out, release, err
		}
		if waited >= turnWithin {
			return Outcome{}, func() {}, nil
		}
		select {
		case <-time.After(turnEvery):
		case <-ctx.Done():
			return Outcome{}, func() {}, fmt.Errorf("wait for the turn to make a lobby: %w", ctx.Err())
		}
	}
}

// quickSpace is the space of ids in which a quick join notes the lobby that it tries.
const quickSpace = "lobby-quick"

// recallQuickJoin returns the lobby that the first attempt of a repeated request joined or
// created. A search could find another lobby, because that lobby may be full now. tried is the
// lobby of the last attempt.
func (s *Service) recallQuickJoin(
	ctx context.Context, c request.Call, req *wire.LobbyQuickJoin, along rules.PartyJoin,
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
			q.out, err = s.join(ctx, c, id, quickJoinCommand(c, along, req.Member), "")
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
func (s *Service) try(ctx context.Context, c request.Call, q *quick, id string, cmd rules.JoinCommand) (Outcome, error) {
	if c.Key != "" {
		if err := s.ids.Choose(ctx, quickSpace, c.ID, c.Key, q.tried, id); err != nil {
			return Outcome{}, err
		}
		q.tried = id
	}
	return s.join(ctx, c, id, cmd, "")
}

// quickJoinCommand is the command to join a lobby that the search found.
func quickJoinCommand(c request.Call, along rules.PartyJoin, member *wire.MemberInit) rules.JoinCommand {
	return rules.JoinCommand{User: actor(c.Caller), Member: memberInit(member), PartyJoin: rules.PartyJoin{Party: along.Party, Companions: slices.Clone(along.Companions)}}
}

// createField gives the field of a refused create its name in quickJoin.
func createField(err error) error {
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

// joinFirst joins the fullest of the lobbies that admits the caller. It shuffles equally full
// lobbies, so that concurrent users try different lobbies. It returns no lobby and no error
// when no lobby admits the caller.
func (s *Service) joinFirst(ctx context.Context, c request.Call, q *quick, found []wire.LobbyListing, along rules.PartyJoin, member *wire.MemberInit) (Outcome, error) {
	equal := 0
	for equal < len(found) && found[equal].MaxMembers-found[equal].Players == found[0].MaxMembers-found[0].Players {
		equal++
	}
	rand.Shuffle(equal, func(i, j int) { found[i], found[j] = found[j], found[i] })
	for _, listing := range found[:min(len(found), quickTries)] {
		out, err := s.try(ctx, c, q, listing.ID, quickJoinCommand(c, along, member))
		if err == nil || !triesAnother(err) {
			return out, err
		}
	}
	return Outcome{}, nil
}

// triesAnother reports whether another lobby may admit a user after this refusal.
func triesAnother(err error) bool {
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
