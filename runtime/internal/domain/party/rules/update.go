package rules

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// UpdateCommand changes the party itself, for the leader.
type UpdateCommand struct {
	Leader string
	// Expected, when not 0, is the version the party must be at.
	Expected uint64
	Set      wire.PartySet
	// Unset are keys of attributes.
	Unset []string
}

// Update changes the settings of a party: all of the requested changes or none.
func (p Party) Update(cmd UpdateCommand, now time.Time) (Party, []wire.PartyPatch, error) {
	if err := p.CheckLeader(cmd.Leader); err != nil {
		return p, nil, err
	}
	if cmd.Expected != 0 && cmd.Expected != p.Version {
		return p, nil, &wire.Error{
			Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(p.Version),
			Message: fmt.Sprintf("the party is at version %d", p.Version),
		}
	}
	e := p.edit(now)
	if cmd.Set.Joinable != nil {
		e.Locked = !*cmd.Set.Joinable
	}
	if err := e.setSize(cmd.Set.MaxMembers); err != nil {
		return p, nil, err
	}
	var err error
	if e.Attributes, err = mergeAttributes(p.Attributes, cmd.Set.Attributes, cmd.Unset); err != nil {
		return p, nil, prefixField("set", err)
	}
	same := e.MaxMembers == p.MaxMembers && maps.Equal(e.Attributes, p.Attributes)
	if same && e.Locked == p.Locked {
		return p, nil, nil
	}
	if !same {
		e.clearAllReady()
	}
	e.patch(wire.CauseUpdated, cmd.Leader, "")
	return e.done()
}

// prefixField adds the name of an object to the field of a refusal.
func prefixField(member string, err error) error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return err
	}
	named := *refusal
	return named.At(member + "." + refusal.Field)
}

func (e *edit) setSize(size *int) error {
	if size == nil {
		return nil
	}
	if err := checkSize(*size, "set.maxMembers"); err != nil {
		return err
	}
	if *size < len(e.Members) {
		return wire.Invalid("set.maxMembers", fmt.Sprintf("there are %d members in the party", len(e.Members)))
	}
	e.MaxMembers = *size
	return nil
}

// checkSize refuses a number of members that no party may have.
func checkSize(size int, field string) error {
	if size < minMembers || size > MaxMembers {
		return wire.Invalid(field, fmt.Sprintf("must be %d to %d", minMembers, MaxMembers))
	}
	return nil
}

// RegenerateCode gives the party another code, for the leader. The one before is no
// longer good.
func (p Party) RegenerateCode(leader, code string, now time.Time) (Party, []wire.PartyPatch, error) {
	if err := p.CheckNewCode(leader, now); err != nil {
		return p, nil, err
	}
	e := p.edit(now)
	e.Code, e.CodeAt = code, ms(now)
	e.patch(wire.CauseUpdated, leader, "code_changed")
	return e.done()
}

// CheckNewCode returns why a user may not replace the code now.
func (p Party) CheckNewCode(leader string, now time.Time) error {
	if err := p.CheckLeader(leader); err != nil {
		return err
	}
	if wait := time.UnixMilli(p.CodeAt).Add(CodePause).Sub(now); wait > 0 {
		return &wire.Error{
			Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: wait.Milliseconds() + 1,
			Message: "the code was made a moment ago",
		}
	}
	return nil
}

// Ready says whether a member is ready. All flags go back when a member comes or goes, and
// when the leader changes the party's size or attributes.
func (p Party) Ready(userID string, ready bool, now time.Time) (Party, []wire.PartyPatch, error) {
	m, err := p.ActiveMember(userID)
	if err != nil || m.Ready == ready {
		return p, nil, err
	}
	e := p.edit(now)
	m.Ready = ready
	e.Members[userID] = m
	e.patch(wire.CauseMemberReady, userID, "")
	return e.done()
}

// clearAllReady clears the ready flags of all members.
func (e *edit) clearAllReady() {
	for id, m := range e.Members {
		if m.Ready {
			m.Ready = false
			e.Members[id] = m
		}
	}
}
