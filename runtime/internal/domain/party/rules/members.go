package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Leave removes a member.
func (p Party) Leave(user Actor, now time.Time) (Party, []wire.PartyPatch, error) {
	if _, err := p.ActiveMember(user.ID); err != nil {
		return p, nil, err
	}
	e := p.edit(now)
	e.leaving = user.Session
	e.removeMember(user.ID, wire.CauseMemberLeft, user.ID, ReasonLeft, "")
	return e.done()
}

// Kick removes another member for the leader. The user may not join by the code for KickTTL, unless
// the leader invites the user.
func (p Party) Kick(leader, userID, message string, now time.Time) (Party, []wire.PartyPatch, error) {
	switch err := p.CheckLeader(leader); {
	case err != nil:
		return p, nil, err
	case userID == leader:
		return p, nil, wire.Invalid("userId", "you cannot kick yourself")
	case !p.Has(userID):
		return p, nil, noSuchMember()
	}
	e := p.edit(now)
	e.ban(userID, ms(now.Add(KickTTL)))
	e.removeMember(userID, wire.CauseMemberKicked, leader, ReasonKicked, message)
	return e.done()
}

func noSuchMember() error {
	return &wire.Error{Code: wire.CodeNotFound, Field: "userId", Message: "there is no such member"}
}

// Promote makes another member the leader, for the leader.
func (p Party) Promote(leader, userID string, now time.Time) (Party, []wire.PartyPatch, error) {
	if err := p.CheckLeader(leader); err != nil {
		return p, nil, err
	}
	m, in := p.Members[userID]
	switch {
	case !in:
		return p, nil, noSuchMember()
	case userID == leader:
		return p, nil, nil
	case !m.Connected():
		return p, nil, wire.Invalid("userId", "a member who is not connected cannot be made the leader")
	}
	e := p.edit(now)
	e.LeaderID = userID
	e.patch(wire.CauseLeaderPromoted, leader, "")
	return e.done()
}

// SetMember changes a member's own attributes.
func (p Party) SetMember(userID string, set wire.Attributes, unset []string, now time.Time) (Party, []wire.PartyPatch, error) {
	m, err := p.ActiveMember(userID)
	if err != nil {
		return p, nil, err
	}
	attributes, err := mergeAttributes(m.Attributes, set, unset)
	if err != nil || maps.Equal(attributes, m.Attributes) {
		return p, nil, err
	}
	e := p.edit(now)
	m.Attributes = attributes
	e.Members[userID] = m
	e.patch(wire.CauseMemberUpdated, userID, "")
	return e.done()
}

// The bounds of a member's attributes: so many keys, which are so long, and so many
// bytes as JSON.
const (
	MaxKeys      = 16
	MaxKeyLength = 64
	MaxBytes     = 1024
)

// mergeAttributes returns attributes with some keys set and other keys removed.
func mergeAttributes(a, set wire.Attributes, unset []string) (wire.Attributes, error) {
	next := maps.Clone(a)
	if next == nil {
		next = wire.Attributes{}
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		value, fault := cleanAttribute(key, set[key])
		if fault != "" {
			return nil, wire.Invalid("attributes."+key, fault)
		}
		next[key] = value
	}
	for _, key := range unset {
		delete(next, key)
	}
	data, err := json.Marshal(next)
	if err != nil {
		return nil, wire.Invalid("attributes", "cannot be written as JSON")
	}
	if len(next) > MaxKeys || len(data) > MaxBytes {
		return nil, wire.Exhausted("attributes", fmt.Sprintf("at most %d attributes and %d bytes are allowed", MaxKeys, MaxBytes))
	}
	return next, nil
}

// cleanAttribute returns a value in its stored form, or the fault of the value or its key.
func cleanAttribute(key string, value any) (clean any, fault string) {
	if len(key) > MaxKeyLength || !text.Key(key) {
		return nil, fmt.Sprintf("a key must have 1 to %d bytes of visible UTF-8, and not be __proto__", MaxKeyLength)
	}
	switch v := value.(type) {
	case string:
		return text.Rule{Lines: true, Blank: true}.Clean(v)
	case bool:
		return v, ""
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, ""
		}
	}
	return nil, "must be a string, a finite number or a boolean"
}
