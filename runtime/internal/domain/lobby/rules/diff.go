package rules

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

// diff returns the JSON Patch between two views of a lobby. It omits the fields that never
// change: id, type and time of creation. The operations have a fixed order.
func diff(from, to wire.Lobby) []wire.PatchOp {
	d := &differ{ops: make([]wire.PatchOp, 0, 4)}
	d.value("/version", from.Version, to.Version)
	d.value("/epoch", from.Epoch, to.Epoch)
	d.value("/name", from.Name, to.Name)
	d.value("/hostId", from.HostID, to.HostID)
	d.value("/status", from.Status, to.Status)
	d.value("/visibility", from.Visibility, to.Visibility)
	d.optional("/code", from.Code, to.Code)
	d.value("/hasPassword", from.HasPassword, to.HasPassword)
	d.value("/maxMembers", from.MaxMembers, to.MaxMembers)
	d.members(from.Members, to.Members)
	d.attributes("/attributes", from.Attributes, to.Attributes)
	d.value("/policy", from.Policy, to.Policy)
	d.whole("/startsAt", from.StartsAt != 0, to.StartsAt != 0, from.StartsAt, to.StartsAt)
	d.optional("/matchId", from.MatchID, to.MatchID)
	d.whole("/match", from.Match != nil, to.Match != nil, from.Match, to.Match)
	d.whole("/lastMatch", from.LastMatch != nil, to.LastMatch != nil, from.LastMatch, to.LastMatch)
	d.whole("/votes", from.Votes != nil, to.Votes != nil, from.Votes, to.Votes)
	d.value("/expiresAt", from.ExpiresAt, to.ExpiresAt)
	return d.ops
}

type differ struct{ ops []wire.PatchOp }

func (d *differ) op(op, path string, value any) {
	d.ops = append(d.ops, wire.PatchOp{Op: op, Path: path, Value: value})
}

// value compares a field that is always there.
func (d *differ) value(path string, from, to any) {
	if !reflect.DeepEqual(from, to) {
		d.op("replace", path, to)
	}
}

// optional compares a text that is absent when empty.
func (d *differ) optional(path, from, to string) {
	d.whole(path, from != "", to != "", from, to)
}

// whole compares a field that may be absent, and is replaced as a whole.
func (d *differ) whole(path string, was, is bool, from, to any) {
	switch {
	case was && !is:
		d.op("remove", path, nil)
	case !was && is:
		d.op("add", path, to)
	case is:
		d.value(path, from, to)
	}
}

func (d *differ) members(from, to map[string]wire.Member) {
	for _, id := range slices.Sorted(maps.Keys(from)) {
		if _, stays := to[id]; !stays {
			d.op("remove", "/members/"+escape(id), nil)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(to)) {
		path := "/members/" + escape(id)
		if was, known := from[id]; known {
			d.member(path, was, to[id])
		} else {
			d.op("add", path, to[id])
		}
	}
}

func (d *differ) member(path string, from, to wire.Member) {
	d.value(path+"/role", from.Role, to.Role)
	d.optional(path+"/name", from.Name, to.Name)
	d.optional(path+"/team", from.Team, to.Team)
	d.value(path+"/slot", from.Slot, to.Slot)
	d.value(path+"/ready", from.Ready, to.Ready)
	d.optional(path+"/swapWith", from.SwapWith, to.SwapWith)
	d.value(path+"/connected", from.Connected, to.Connected)
	d.value(path+"/joinedAt", from.JoinedAt, to.JoinedAt)
	d.attributes(path+"/attributes", from.Attributes, to.Attributes)
}

func (d *differ) attributes(path string, from, to wire.Attributes) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if _, stays := to[key]; !stays {
			d.op("remove", path+"/"+escape(key), nil)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(to)) {
		if was, known := from[key]; !known {
			d.op("add", path+"/"+escape(key), to[key])
		} else {
			d.value(path+"/"+escape(key), was, to[key])
		}
	}
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// escape makes a reference token of a JSON Pointer (RFC 6901).
func escape(token string) string { return escaper.Replace(token) }
