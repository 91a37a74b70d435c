package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/wire"
)

// lobby makes the lobby of a match.
func (v venues) lobby(ctx context.Context, q matchmaking.Queue, r matchmaking.Proposal) (matchmaking.Place, error) {
	brought, err := broughtBy(r)
	if err != nil {
		return matchmaking.Place{}, err
	}
	cmd := lobbyrules.ReserveCommand{Teams: actors(r), WithinLimit: true, Reason: wire.JoinedByMatch}
	if q.Backfill {
		cmd.Origin = &lobbyrules.Origin{Queue: r.Queue, Match: r.ID, Region: r.Region, Players: brought}
	}
	l, err := v.lobbies.CreateReserved(ctx, q.Handoff.LobbyType, r.ID, cmd)
	if err := unplaced(err); err != nil {
		return matchmaking.Place{}, err
	}
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		err = fmt.Errorf("the LobbyPolicy does not take this match: %w", err)
	}
	return matchmaking.Place{MMHandoff: wire.MMHandoff{Type: "lobby", LobbyID: l.ID}}, err
}

// unplaced translates the error that users are in too many lobbies; nil for others.
func unplaced(err error) error {
	var over *lobbyrules.OverLimitError
	if errors.As(err, &over) {
		return &matchmaking.UnplacedError{Users: over.Users}
	}
	return nil
}

// checkLobbyLimit refuses a user who would be in too many lobbies after the queue's match.
func (v venues) checkLobbyLimit(ctx context.Context, q matchmaking.Queue, userID string) error {
	if q.Handoff.LobbyType == "" {
		return nil
	}
	return v.lobbies.CheckLobbyLimit(ctx, q.Handoff.LobbyType, userID)
}

// fill brings the players of a proposal into the lobby of a match that runs.
func (v venues) fill(ctx context.Context, q matchmaking.Queue, r matchmaking.Proposal) (matchmaking.Place, error) {
	brought, err := broughtBy(r)
	if err != nil {
		return matchmaking.Place{}, err
	}
	l, err := v.lobbies.Backfill(ctx, r.Backfill, lobbyrules.BackfillCommand{MembershipID: r.ID, Teams: actors(r), Players: brought})
	if err := unplaced(err); err != nil {
		return matchmaking.Place{}, err
	}
	if err != nil {
		return matchmaking.Place{}, err
	}
	return matchmaking.Place{
		MMHandoff: wire.MMHandoff{Type: "lobby", LobbyID: l.ID}, Teams: teamsOf(q, matchLobbyOf(l, v.now())),
	}, nil
}

// actors are the players of each team.
func actors(r matchmaking.Proposal) [][]lobbyrules.Actor {
	teams := make([][]lobbyrules.Actor, len(r.Teams))
	for i, side := range r.Teams {
		for _, player := range side.Players {
			teams[i] = append(teams[i], lobbyrules.Actor{ID: player.ID, Name: player.Name})
		}
	}
	return teams
}

// broughtBy is what a lobby keeps of the players of a proposal.
func broughtBy(r matchmaking.Proposal) (map[string]lobbyrules.OriginPlayer, error) {
	all := map[string]lobbyrules.OriginPlayer{}
	for i, side := range r.Teams {
		for _, player := range side.Players {
			profile, err := json.Marshal(r.Profiles[player.Ticket])
			if err != nil {
				return nil, fmt.Errorf("encode what a ticket was matched by: %w", err)
			}
			all[player.ID] = lobbyrules.OriginPlayer{Team: i, Profile: profile}
		}
	}
	return all, nil
}

// Lobby implements matchmaking.Handoffs.
func (v venues) Lobby(ctx context.Context, lobbyID, userID string) (matchmaking.MatchLobby, error) {
	read := v.lobbies.Lookup
	if userID != "" {
		read = func(ctx context.Context, id string) (lobbyrules.Lobby, error) {
			return v.lobbies.Member(ctx, id, userID)
		}
	}
	l, err := read(ctx, lobbyID)
	switch {
	case err != nil:
		return matchmaking.MatchLobby{}, err
	case l.Closed():
		return matchmaking.MatchLobby{}, wire.Precondition(wire.ReasonLobbyClosed, "the lobby is closed")
	case l.Origin == nil:
		return matchmaking.MatchLobby{}, wire.Refuse(wire.CodePermissionDenied, "this lobby was not made by a queue that fills open places")
	}
	return matchLobbyOf(l, v.now()), nil
}

// matchLobbyOf is a lobby that a queue made, as matchmaking sees it.
func matchLobbyOf(l lobbyrules.Lobby, now time.Time) matchmaking.MatchLobby {
	room := matchmaking.MatchLobby{
		LobbyID: l.ID, HostID: l.HostID, Queue: l.Origin.Queue, Match: l.Origin.Match, Region: l.Origin.Region,
		Players: map[string]matchmaking.LobbyPlayer{}, Left: l.MaxMembers - l.Players(),
	}
	for user, until := range l.Banned {
		if now.UnixMilli() < until {
			room.Barred = append(room.Barred, user)
		}
	}
	for user, member := range l.Members {
		if !member.Player() {
			room.Barred = append(room.Barred, user)
			continue
		}
		room.Players[user] = playerOf(l, user, member.Team)
	}
	return room
}

// playerOf returns a player with the current team, if the lobby has teams, else with the team of
// the match.
func playerOf(l lobbyrules.Lobby, user, team string) matchmaking.LobbyPlayer {
	brought, known := l.Origin.Players[user]
	player := matchmaking.LobbyPlayer{Team: -1}
	if known {
		player.Team, player.Profile = brought.Team, &matchmaking.Profile{}
		if json.Unmarshal(brought.Profile, player.Profile) != nil {
			player.Profile = nil // as one whom the queue did not bring
		}
	}
	if n, err := strconv.Atoi(team); err == nil {
		player.Team = n - 1
	}
	return player
}

// teamsOf are all who play in a room, by team of the queue.
func teamsOf(q matchmaking.Queue, room matchmaking.MatchLobby) []wire.MMMatchTeam {
	teams := make([]wire.MMMatchTeam, len(q.Match.Teams))
	for i, t := range q.Match.Teams {
		teams[i] = wire.MMMatchTeam{Name: t.Name, Players: []string{}}
	}
	for _, user := range slices.Sorted(maps.Keys(room.Players)) {
		if i := room.Players[user].Team; i >= 0 && i < len(teams) {
			teams[i].Players = append(teams[i].Players, user)
		}
	}
	return teams
}
