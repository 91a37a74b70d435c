package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The REST interface of Agones' allocator (allocation.proto: AllocationRequest and
// AllocationResponse). A match gets a ready GameServer of the fleet with the queue's name, in the
// cluster's namespace, and the match becomes an annotation of the GameServer. The allocator is
// not idempotent: a request repeated after a time-out may allocate a second GameServer, which
// stays unused.
const (
	agonesFleet = "agones.dev/fleet"
	// agonesMatch is the label with the match's id; agonesPlayers is the annotation with the
	// match, in the form of the hand-off webhook.
	agonesMatch   = "anteroom.dev/match"
	agonesPlayers = "anteroom.dev/players"
)

type agonesRequest struct {
	Namespace           string           `json:"namespace"`
	GameServerSelectors []agonesSelector `json:"gameServerSelectors"`
	Metadata            agonesMetadata   `json:"metadata"`
}

type agonesSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type agonesMetadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type agonesAnswer struct {
	GameServerName string `json:"gameServerName"`
	Address        string `json:"address"`
	Ports          []struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	} `json:"ports"`
}

// allocate asks for a GameServer; the players get its address with its first port.
func (v venues) allocate(ctx context.Context, q matchmaking.Queue, r matchmaking.Proposal) (matchmaking.Place, error) {
	match, err := json.Marshal(callOf(r))
	if err != nil {
		return matchmaking.Place{}, fmt.Errorf("encode a match: %w", err)
	}
	key, err := v.secret(q.Handoff.SecretFile)
	if err != nil {
		return matchmaking.Place{}, err
	}
	hook := webhook.Hook{URL: q.Handoff.URL, Timeout: q.Handoff.Timeout, Client: v.hooks.client()}
	if len(key) > 0 {
		config, err := agonesTLS(key)
		if err != nil {
			return matchmaking.Place{}, err
		}
		hook.Client = v.hooks.once(config)
	}
	answer, err := post(ctx, hook, r.ID, v.now(), agonesRequest{
		Namespace:           v.namespace,
		GameServerSelectors: []agonesSelector{{MatchLabels: map[string]string{agonesFleet: q.Name}}},
		Metadata: agonesMetadata{
			Labels:      map[string]string{agonesMatch: r.ID},
			Annotations: map[string]string{agonesPlayers: string(match)},
		},
	})
	if err != nil {
		return matchmaking.Place{}, err
	}
	var server agonesAnswer
	if err := json.Unmarshal(answer, &server); err != nil || server.Address == "" || len(server.Ports) == 0 {
		return matchmaking.Place{}, errors.New("the allocator's answer has no GameServer with an address and a port")
	}
	return matchmaking.Place{MMHandoff: wire.MMHandoff{
		Type: "server", Address: net.JoinHostPort(server.Address, strconv.Itoa(server.Ports[0].Port)),
	}}, nil
}

// agonesTLS shows a certificate, as the allocator wants it: bundle has it with its key
// in PEM, and may have the authority that signed the allocator's.
func agonesTLS(bundle []byte) (*tls.Config, error) {
	certificate, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		return nil, errors.New("the key of an Agones handoff must be a client certificate and its key in PEM")
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(bundle)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}, RootCAs: roots}, nil
}
