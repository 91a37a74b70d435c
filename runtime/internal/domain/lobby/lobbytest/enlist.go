// Package lobbytest fills stores with lobbies, for tests.
package lobbytest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Enlist stores a new lobby and its index entry, without any side effect.
func Enlist(ctx context.Context, store stream.Store, index search.Index, l lobbyrules.Lobby) error {
	doc, err := stream.JSON[lobbyrules.Lobby]().Encode(l)
	if err != nil {
		return fmt.Errorf("encode a lobby: %w", err)
	}
	at, err := store.Commit(ctx, stream.Commit{
		Stream: lobby.StreamID(l.ID), Expect: new(uint64), Doc: doc,
		Events: []stream.Event{{Name: wire.EventLobbyPatch, Data: json.RawMessage("{}")}},
		Retain: stream.Retention{LogSize: 1, LogTTL: time.Hour, TTL: time.Hour},
	})
	if err != nil {
		return err
	}
	l.Version, l.Epoch, l.Committed = at.Seq, at.Epoch, at.Epoch
	e, err := search.EntryOf(l)
	if err == nil {
		_, err = index.Put(ctx, l.Policy.Type, e)
	}
	return err
}
