package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

// venues makes the places of matches: a lobby of the queue's type, or what a service
// answers with.
type venues struct {
	lobbies *lobby.Service
	// secrets is the folder with the keys of services.
	secrets string
	// namespace is where game servers are allocated.
	namespace string
	hooks     *hooks
	now       func() time.Time
}

// Place implements matchmaking.Places.
func (v venues) Place(ctx context.Context, q matchmaking.Queue, r matchmaking.Proposal) (matchmaking.Place, error) {
	if r.Backfill != "" {
		return v.fill(ctx, q, r)
	}
	if q.Handoff.LobbyType != "" {
		return v.lobby(ctx, q, r)
	}
	if q.Handoff.Agones {
		return v.allocate(ctx, q, r)
	}
	return v.ask(ctx, q, r)
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

func (v venues) ask(ctx context.Context, q matchmaking.Queue, r matchmaking.Proposal) (matchmaking.Place, error) {
	key, err := v.secret(q.Handoff.SecretFile)
	if err != nil {
		return matchmaking.Place{}, err
	}
	hook := webhook.Hook{URL: q.Handoff.URL, Timeout: q.Handoff.Timeout, Client: v.hooks.client()}
	if hook.Secret, err = webhook.ParseSecret(string(key)); err != nil {
		return matchmaking.Place{}, err
	}
	answer, err := post(ctx, hook, r.ID, v.now(), callOf(r))
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

// post calls a queue's service under the match's id, and gives the answer.
func post(ctx context.Context, hook webhook.Hook, id string, at time.Time, call any) ([]byte, error) {
	body, err := json.Marshal(call)
	if err != nil {
		return nil, fmt.Errorf("encode a match: %w", err)
	}
	return hook.Post(ctx, webhook.Call{ID: id, At: at, Body: body})
}

// secret reads the key of a queue's service; nil when it has none.
func (v venues) secret(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(v.secrets, file))
	if err != nil {
		return nil, errors.New("the key of a queue's handoff cannot be read")
	}
	return text, nil
}

func callOf(r matchmaking.Proposal) matchCall {
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
