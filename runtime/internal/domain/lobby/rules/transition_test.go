package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestTransitionsWantTheirPreparation(t *testing.T) {
	bob, cid := rulestest.Actor("bob"), rulestest.Actor("cid")
	open := rulestest.Lobby(t, rulestest.Policy(), "ann")
	with := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob")
	withParty := rules.PartyJoin{Party: "p", Companions: []rules.Companion{{Actor: cid}}}
	reserved := rules.PartyJoin{Party: "p", Companions: []rules.Companion{{Actor: cid, MembershipID: "c"}}}
	idle := rulestest.Policy().Lifecycle.IdleTimeout
	lastMessage, never := rulestest.T0.Add(idle), time.Time{}
	for name, tc := range map[string]struct {
		lobby      rules.Lobby
		transition rules.Transition
		at         time.Duration
		want       error // nil, ErrNotPrepared, or a refusal with this code
	}{
		"a join without a membership":            {open, rules.Join(rules.JoinCommand{User: bob}), 0, rules.ErrNotPrepared},
		"a join with a membership":               {open, rules.Join(rules.JoinCommand{User: bob, MembershipID: "b"}), 0, nil},
		"a join of a member":                     {with, rules.Join(rules.JoinCommand{User: bob}), 0, nil},
		"a member with an unreserved companion":  {with, rules.Join(rules.JoinCommand{User: bob, PartyJoin: withParty}), 0, rules.ErrNotPrepared},
		"a member with a reserved companion":     {with, rules.Join(rules.JoinCommand{User: bob, PartyJoin: reserved}), 0, nil},
		"a companion without a membership":       {open, rules.Join(rules.JoinCommand{User: bob, MembershipID: "b", PartyJoin: withParty}), 0, rules.ErrNotPrepared},
		"a refused join without a membership":    {open, rules.Join(rules.JoinCommand{User: bob, Code: "WRONG"}), 0, wire.Refuse(wire.CodeCodeExpired, "")},
		"a deadline before the idle timeout":     {open, rules.Tick(rules.TickCommand{Now: rulestest.T0.Add(idle - 1)}), 0, nil},
		"an idle lobby, its chat not read":       {open, rules.Tick(rules.TickCommand{Now: rulestest.T0.Add(idle)}), 0, rules.ErrNotPrepared},
		"an idle lobby, its chat read":           {open, rules.Tick(rules.TickCommand{Now: rulestest.T0.Add(idle), LastMessage: &never}), 0, nil},
		"an idle lobby with an active chat":      {open, rules.Tick(rules.TickCommand{Now: rulestest.T0.Add(idle), LastMessage: &lastMessage}), 0, nil},
		"a new code that is not claimed":         {open, rules.RegenerateCode("ann", ""), time.Minute, rules.ErrNotPrepared},
		"a new code that is claimed":             {open, rules.RegenerateCode("ann", "NEWCODE"), time.Minute, nil},
		"a new code for a user who is not host":  {with, rules.RegenerateCode("bob", ""), time.Minute, wire.Refuse(wire.CodeFailedPrecondition, "")},
		"a preparation that failed":              {open, rules.Refuse(wire.Refuse(wire.CodeUnavailable, "")), 0, wire.Refuse(wire.CodeUnavailable, "")},
		"an event of a back end to a live lobby": {open, rules.Announce(), 0, nil},
	} {
		next, patches, err := tc.transition.Apply(tc.lobby, rulestest.T0.Add(tc.at))
		if tc.want == nil || errors.Is(tc.want, rules.ErrNotPrepared) {
			if !errors.Is(err, tc.want) {
				t.Errorf("%s: got %v, want %v", name, err, tc.want)
			}
		} else if wire.CodeOf(err) != wire.CodeOf(tc.want) {
			t.Errorf("%s: got code %q, want %q", name, wire.CodeOf(err), wire.CodeOf(tc.want))
		}
		if err != nil && (len(patches) > 0 || next.Version != tc.lobby.Version) {
			t.Errorf("%s: got %d patches and version %d, want the lobby unchanged", name, len(patches), next.Version)
		}
	}
}
