package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// CreateCommand makes a party.
type CreateCommand struct {
	ID, Code   string
	Leader     Actor
	MaxMembers int
	Attributes wire.Attributes
}

// Create makes a party of its leader alone.
func Create(cmd CreateCommand, now time.Time) (Party, []wire.PartyPatch, error) {
	size := cmd.MaxMembers
	if size == 0 {
		size = DefaultMembers
	}
	if err := checkSize(size, "maxMembers"); err != nil {
		return Party{}, nil, err
	}
	p := Party{ID: cmd.ID, Code: cmd.Code, MaxMembers: size, LeaderID: cmd.Leader.ID, CreatedAt: ms(now)}
	e := p.edit(now)
	e.Members = map[string]Member{}
	if err := e.addMember(cmd.Leader, cmd.ID, cmd.Attributes); err != nil {
		return Party{}, nil, err
	}
	e.Version = 1
	e.patches = []wire.PartyPatch{{
		PartyID: e.ID, From: 0, To: 1,
		Ops:   []wire.PatchOp{{Op: "add", Path: "", Value: e.View()}},
		Cause: wire.Cause{Type: wire.CauseCreated, ActorID: cmd.Leader.ID},
	}}
	return e.done()
}
