package app

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/wire"
)

// directChannel opens a direct channel to its two users: see chat.Direct for its name.
func directChannel(_ context.Context, caller request.Caller, name string) (chat.Policy, error) {
	first, second, ok := chat.DirectUsers(name)
	if !ok || !caller.Backend && caller.ID != first && caller.ID != second {
		return chat.Policy{}, wire.Refuse(wire.CodeNotFound, "there is no such channel")
	}
	p := ownPolicy()
	p.Peer = first
	if p.Peer == caller.ID {
		p.Peer = second
	}
	return p, nil
}
