package serverapi

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/lobby"
	"github.com/anteroom/anteroom/runtime/wire"
)

// LobbyUpdateRequest changes a lobby: what its host may, but for the password, and the
// attributes that only the server may write.
type LobbyUpdateRequest struct {
	Set   *wire.LobbySet `json:"set,omitempty"`
	Unset []string       `json:"unset,omitempty" validate:"max=64,dive,required,max=64"`
}

// LobbyCloseRequest closes a lobby.
type LobbyCloseRequest struct {
	// Reason is told to the members.
	Reason string `json:"reason,omitempty" validate:"max=64"`
}

// MatchReportRequest says what has become of a lobby's match.
type MatchReportRequest struct {
	// Connection is where the match is: at most 16 keys with strings, numbers and
	// booleans. The members are told.
	Connection wire.Attributes `json:"connection,omitempty" validate:"max=16"`
	// Ended says that the match is over: the lobby is open again.
	Ended bool `json:"ended,omitempty"`
	// Reason is told with the end.
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
		return changed(s.Lobbies.SetAsServer(ctx, c.key, c.http.PathValue("id"), set, req.Unset))
	})
	post(s, "/v1/lobbies/{id}:close", "Close a lobby", func(ctx context.Context, c call, req *LobbyCloseRequest) (*LobbyChanged, error) {
		return changed(s.Lobbies.Shut(ctx, c.http.PathValue("id"), req.Reason))
	})
	post(s, "/v1/matches/{id}:report", "Say where a lobby's match is, or that it is over",
		func(ctx context.Context, c call, req *MatchReportRequest) (*LobbyChanged, error) {
			if req.Connection == nil && !req.Ended {
				return nil, wire.Invalid("connection", "give a connection, or say that the match has ended")
			}
			return changed(s.Lobbies.ReportMatch(ctx, lobby.Report{
				MatchID: c.http.PathValue("id"), Connection: req.Connection, Ended: req.Ended, Reason: req.Reason,
			}))
		})
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
func whole(l lobby.Lobby) wire.Lobby {
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
