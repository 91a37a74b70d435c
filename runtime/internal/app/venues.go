package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/lobby"
	"github.com/anteroom/anteroom/runtime/internal/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

// venues makes the places of matches: a lobby of the queue's type, or what a service
// answers with.
type venues struct {
	lobbies *lobby.Service
	// secrets is the folder with the keys of services.
	secrets string
	now     func() time.Time
}

// Make implements matchmaking.Places.
func (v venues) Make(ctx context.Context, q matchmaking.Queue, r matchmaking.Round) (matchmaking.Place, error) {
	if q.Handoff.LobbyType != "" {
		return v.lobby(ctx, q, r)
	}
	return v.ask(ctx, q, r)
}

func (v venues) lobby(ctx context.Context, q matchmaking.Queue, r matchmaking.Round) (matchmaking.Place, error) {
	cmd := lobby.SeatCommand{}
	for _, side := range r.Teams {
		var team []lobby.Actor
		for _, player := range side.Players {
			team = append(team, lobby.Actor{ID: player.ID, Name: player.Name})
		}
		cmd.Teams = append(cmd.Teams, team)
	}
	l, err := v.lobbies.Seated(ctx, q.Handoff.LobbyType, r.ID, cmd)
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		err = fmt.Errorf("the LobbyPolicy does not take this match: %w", err)
	}
	return matchmaking.Place{MMHandoff: wire.MMHandoff{Type: "lobby", LobbyID: l.ID}}, err
}

// matchCall is what a service is asked with, under the match's id as the webhook's: the
// same match may be asked for again.
type matchCall struct {
	MatchID string          `json:"matchId"`
	Queue   string          `json:"queue"`
	Region  string          `json:"region,omitempty"`
	Teams   []matchCallTeam `json:"teams"`
}

type matchCallTeam struct {
	Name    string            `json:"name"`
	Players []matchCallPlayer `json:"players"`
}

type matchCallPlayer struct {
	UserID string `json:"userId"`
	Name   string `json:"name,omitempty"`
}

// matchPlace is what a service answers. ExpiresAt, in milliseconds since the epoch, is
// until when the tokens are good.
type matchPlace struct {
	Address   string            `json:"address"`
	Token     string            `json:"token"`
	Tokens    map[string]string `json:"tokens"`
	ExpiresAt int64             `json:"expiresAt"`
}

func (v venues) ask(ctx context.Context, q matchmaking.Queue, r matchmaking.Round) (matchmaking.Place, error) {
	hook := webhook.Hook{URL: q.Handoff.URL, Timeout: q.Handoff.Timeout}
	var err error
	if hook.Secret, err = v.secret(q.Handoff.SecretFile); err != nil {
		return matchmaking.Place{}, err
	}
	body, err := json.Marshal(callOf(r))
	if err != nil {
		return matchmaking.Place{}, fmt.Errorf("encode a match: %w", err)
	}
	answer, err := hook.Post(ctx, webhook.Call{ID: r.ID, At: v.now(), Body: body})
	if err != nil {
		return matchmaking.Place{}, err
	}
	var place matchPlace
	if err := json.Unmarshal(answer, &place); err != nil || place.Address == "" {
		return matchmaking.Place{}, errors.New("the webhook's answer is not a JSON object with an address")
	}
	return matchmaking.Place{
		MMHandoff: wire.MMHandoff{Type: "server", Address: place.Address, Token: place.Token, ExpiresAt: place.ExpiresAt},
		Tokens:    place.Tokens,
	}, nil
}

func (v venues) secret(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(v.secrets, file))
	if err != nil {
		return nil, errors.New("the key that a queue's handoff is signed with cannot be read")
	}
	return webhook.ParseSecret(string(text))
}

func callOf(r matchmaking.Round) matchCall {
	c := matchCall{MatchID: r.ID, Queue: r.Queue, Region: r.Region}
	for _, side := range r.Teams {
		team := matchCallTeam{Name: side.Name, Players: []matchCallPlayer{}}
		for _, player := range side.Players {
			team.Players = append(team.Players, matchCallPlayer{UserID: player.ID, Name: player.Name})
		}
		c.Teams = append(c.Teams, team)
	}
	return c
}
