package serverapi

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// LobbyUpdateRequest changes a lobby: what its host may, but for the password, and the
// attributes that only the server may write.
type LobbyUpdateRequest struct {
	Set   *wire.LobbySet `json:"set,omitempty"`
	Unset []string       `json:"unset,omitempty" validate:"max=64,dive,required,max=64"`
}

// LobbyCreateRequest creates a lobby for a group of users. Each user is a member at once,
// receives lobby:joined, and finds the lobby in session:ready at a later connect. The lobby is
// locked.
type LobbyCreateRequest struct {
	Type string `json:"type" validate:"required,max=63"`
	Name string `json:"name,omitempty" validate:"max=64"`
	// Teams are the users of each team, in the order of the policy's teams; without teams
	// one list. The first user of all is the host.
	Teams [][]string `json:"teams" validate:"required,min=1,max=64,dive,min=1,max=500,dive,required,max=128"`
	// ArriveWithinMs is how long a user who does not connect keeps its place, in
	// milliseconds, 1 second to 24 hours; 0, or left out, means 10 minutes. The policy's
	// idleTimeout and maxLifetime may end the lobby before.
	ArriveWithinMs int64 `json:"arriveWithinMs,omitempty" validate:"omitempty,min=1000,max=86400000"`
}

// arriveWithin is how long a user keeps its place when the request does not say.
const arriveWithin = 10 * time.Minute

// LobbyQuery lists the living lobbies of a type, those too that cannot be searched for, in
// the order of their ids.
type LobbyQuery struct {
	Type string `json:"type" validate:"required,max=63"`
	// After is the last id of the page before.
	After string `json:"after,omitempty" validate:"max=64"`
	// Limit is 1 to 100; 0, or left out, means 50.
	Limit int `json:"limit,omitempty" validate:"min=0,max=100"`
}

// LobbyList is a page of lobbies. Next is what to ask After; it is absent at the end.
type LobbyList struct {
	Lobbies []wire.Lobby `json:"lobbies"`
	Next    string       `json:"next,omitempty"`
}

// LobbyCloseRequest closes a lobby.
type LobbyCloseRequest struct {
	// Reason is shown to the members.
	Reason string `json:"reason,omitempty" validate:"max=64"`
}

// MatchReportRequest says what has become of a lobby's match.
type MatchReportRequest struct {
	// Connection is the address of the match: at most 16 keys with strings, numbers and booleans.
	// The members receive it.
	Connection wire.Attributes `json:"connection,omitempty" validate:"max=16"`
	// Ended says that the match is over: the lobby is open again.
	Ended bool `json:"ended,omitempty"`
	// Reason is shown to the members.
	Reason string `json:"reason,omitempty" validate:"max=64"`
}

// LobbyResponse is a lobby with all its attributes, those too that clients do not see.
type LobbyResponse struct {
	Lobby wire.Lobby `json:"lobby"`
}

// LobbyChanged is where a change went.
type LobbyChanged struct {
	LobbyID string `json:"lobbyId"`
	Place
}

func (s *Server) registerLobbies() {
	if s.Lobbies == nil {
		return
	}
	post(s, "/v1/lobbies", "Make a lobby for users who are to meet in it", s.createLobby)
	post(s, "/v1/lobbies:query", "List the living lobbies of a type", s.queryLobbies)
	get(s, "/v1/lobbies/{id}", "Read a lobby", func(ctx context.Context, c call) (*LobbyResponse, error) {
		l, err := s.Lobbies.Lookup(ctx, c.http.PathValue("id"))
		if err != nil {
			return nil, err
		}
		return &LobbyResponse{Lobby: whole(l)}, nil
	})
	post(s, "/v1/lobbies/{id}:update", "Change a lobby", func(ctx context.Context, c call, req *LobbyUpdateRequest) (*LobbyChanged, error) {
		set := wire.LobbySet{}
		if req.Set != nil {
			set = *req.Set
		}
		return changed(s.Lobbies.UpdateByServer(ctx, c.key, c.http.PathValue("id"), set, req.Unset))
	})
	post(s, "/v1/lobbies/{id}:close", "Close a lobby", func(ctx context.Context, c call, req *LobbyCloseRequest) (*LobbyChanged, error) {
		return changed(s.Lobbies.CloseByServer(ctx, c.http.PathValue("id"), req.Reason))
	})
	post(s, "/v1/matches/{id}:report", "Say where a lobby's match is, or that it is over",
		func(ctx context.Context, c call, req *MatchReportRequest) (*LobbyChanged, error) {
			if req.Connection == nil && !req.Ended {
				return nil, wire.Invalid("connection", "give a connection, or say that the match has ended")
			}
			return changed(s.Lobbies.ReportMatch(ctx, c.key, lobbyrules.Report{
				MatchID: c.http.PathValue("id"), Connection: req.Connection, Ended: req.Ended, Reason: req.Reason,
			}))
		})
}

func (s *Server) createLobby(ctx context.Context, c call, req *LobbyCreateRequest) (*LobbyResponse, error) {
	cmd := lobbyrules.ReserveCommand{
		Name: req.Name, Reason: wire.JoinedByServer,
		ArriveWithin: cmp.Or(time.Duration(req.ArriveWithinMs)*time.Millisecond, arriveWithin),
	}
	var users []string
	for i, team := range req.Teams {
		if err := checkUsers(fmt.Sprintf("teams[%d]", i), team); err != nil {
			return nil, err
		}
		seats := make([]lobbyrules.Actor, len(team))
		for j, user := range team {
			seats[j] = lobbyrules.Actor{ID: user}
		}
		cmd.Teams, users = append(cmd.Teams, seats), append(users, team...)
	}
	if err := checkUsers("teams", users); err != nil {
		return nil, err
	}
	if err := s.admit(len(users)); err != nil {
		return nil, err
	}
	key := c.key
	if key != "" {
		key = scope + " " + key
	}
	l, err := s.Lobbies.CreateReserved(ctx, req.Type, key, cmd)
	if err != nil {
		return nil, err
	}
	return &LobbyResponse{Lobby: whole(l)}, nil
}

// lobbiesAPage is how many lobbies a page has when the request does not say.
const lobbiesAPage = 50

func (s *Server) queryLobbies(ctx context.Context, _ call, req *LobbyQuery) (*LobbyList, error) {
	limit := req.Limit
	if limit == 0 {
		limit = lobbiesAPage
	}
	if err := s.admit(limit); err != nil {
		return nil, err
	}
	found, next, err := s.Lobbies.Living(ctx, req.Type, req.After, limit)
	if err != nil {
		return nil, err
	}
	out := &LobbyList{Lobbies: make([]wire.Lobby, len(found)), Next: next}
	for i, l := range found {
		out.Lobbies[i] = whole(l)
	}
	return out, nil
}

func changed(out lobby.Outcome, err error) (*LobbyChanged, error) {
	if err != nil {
		return nil, err
	}
	return &LobbyChanged{LobbyID: out.Lobby.ID, Place: Place{
		Stream: string(lobby.StreamID(out.Lobby.ID)), Epoch: out.At.Epoch, Seq: out.At.Seq,
	}}, nil
}

// whole is a lobby as its back end sees it.
func whole(l lobbyrules.Lobby) wire.Lobby {
	v := l.View()
	v.Attributes = all(l.Attributes)
	for id, m := range l.Members {
		member := v.Members[id]
		member.Attributes = all(m.Attributes)
		v.Members[id] = member
	}
	return v
}

// all are the attributes, an empty object where there are none.
func all(a wire.Attributes) wire.Attributes {
	if a == nil {
		return wire.Attributes{}
	}
	return a
}
