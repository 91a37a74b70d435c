package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

// converted is what testPolicy becomes.
func converted() lobbyrules.Policy {
	return lobbyrules.Policy{
		Name: "casual-policy", Type: "casual", ApplyToAll: true,
		Size:       lobbyrules.SizePolicy{Min: 2, Max: 8, Spectators: 3},
		Visibility: lobbyrules.VisibilityPolicy{Default: wire.VisibilityPublic, Allowed: []wire.Visibility{wire.VisibilityPublic, wire.VisibilityPrivate}},
		Join: lobbyrules.JoinPolicy{
			Code:     lobbyrules.CodePolicy{Enabled: true, Length: 6, TTL: time.Hour},
			Password: lobbyrules.PasswordPolicy{Allowed: true, MinLength: 4}, LateJoin: true, MaxPerUser: 2,
			ChangeRole: true,
		},
		Host:  lobbyrules.HostPolicy{Migration: lobbyrules.MigrateRandom, Grace: 10 * time.Second, OnLeave: lobbyrules.OnLeaveClose, EndMatch: true},
		Teams: lobbyrules.TeamPolicy{Count: 2, Size: 4, CompleteAtStart: true, FixedInMatch: true},
		Attributes: []lobbyrules.AttributeRule{
			{
				Key: "map", Type: lobbyrules.AttributeString, WritableBy: lobbyrules.WriterHost,
				Enum: []string{"dust", "ice"}, MaxLength: 8, Default: "dust",
			},
			{Key: "skill", Type: lobbyrules.AttributeNumber, WritableBy: lobbyrules.WriterMember, Min: ptr(-0.5), Max: ptr(50.0), Default: 7.0},
			{Key: "ranked", Type: lobbyrules.AttributeBoolean, WritableBy: lobbyrules.WriterServer, Default: true},
		},
		Limits: lobbyrules.AttributeLimits{Keys: 30, Bytes: 4096},
		Chat: lobbyrules.ChatPolicy{
			Enabled: true, MaxLength: 1000, HistorySize: 200, HistoryTTL: 24 * time.Hour, RateMessages: 5, RatePer: 5 * time.Second,
			Edit: true,
		},
		Ready:      lobbyrules.ReadyPolicy{MinPercent: 100, Countdown: 5 * time.Second},
		Moderation: lobbyrules.ModerationPolicy{Kick: true, BanTTL: time.Minute},
		Lifecycle: lobbyrules.LifecyclePolicy{
			DisconnectGrace: 30 * time.Second, EmptyTimeout: time.Minute, IdleTimeout: 15 * time.Minute, MaxLifetime: 12 * time.Hour,
		},
		Search: lobbyrules.SearchPolicy{Enabled: true},
	}
}

func TestLobbyPolicy(t *testing.T) {
	cases := []struct {
		name string
		from func(*realtime.LobbyPolicySpec)
		want func(*lobbyrules.Policy)
	}{
		{"as it is", func(*realtime.LobbyPolicySpec) {}, func(*lobbyrules.Policy) {}},
		{
			"for new lobbies", func(s *realtime.LobbyPolicySpec) { s.ApplyTo = realtime.ApplyToNewLobbies },
			func(p *lobbyrules.Policy) { p.ApplyToAll = false },
		},
		{
			"switches left out are on", func(s *realtime.LobbyPolicySpec) {
				s.Join.Code.Enabled, s.Ready.ClearOnChange, s.Chat.Enabled, s.Moderation.Kick, s.Teams.AutoBalance = nil, nil, nil, nil, nil
			},
			func(p *lobbyrules.Policy) { p.Ready.ClearOnChange, p.Teams.AutoBalance = true, true },
		},
		{
			"switched off", func(s *realtime.LobbyPolicySpec) {
				s.Join.Code.Enabled, s.Chat.Enabled, s.Moderation.Kick = ptr(false), ptr(false), ptr(false)
			},
			func(p *lobbyrules.Policy) {
				p.Join.Code.Enabled, p.Chat.Enabled, p.Moderation.Kick = false, false, false
			},
		},
		{
			"a start by itself", func(s *realtime.LobbyPolicySpec) {
				s.Ready.Required, s.Ready.AutoStart, s.Ready.MinPercent = true, true, 60
				s.Ready.Countdown, s.Join.Requests = realtime.NewDuration(time.Second), true
			},
			func(p *lobbyrules.Policy) {
				p.Ready.Required, p.Ready.AutoStart, p.Ready.MinPercent, p.Ready.Countdown = true, true, 60, time.Second
				p.Join.Requests = true
			},
		},
		{
			"votes", func(s *realtime.LobbyPolicySpec) {
				s.Moderation.VoteKick = realtime.VoteKickRules{Enabled: true, Ratio: "0.75"}
			},
			func(p *lobbyrules.Policy) { p.Moderation.VoteKick, p.Moderation.VoteRatio = true, 0.75 },
		},
		{
			"doors", func(s *realtime.LobbyPolicySpec) {
				s.Join.LateSpectators, s.Join.ChangeRole, s.Host.EndMatch = true, ptr(false), ptr(false)
			},
			func(p *lobbyrules.Policy) {
				p.Join.LateSpectators, p.Join.ChangeRole, p.Host.EndMatch = true, false, false
			},
		},
		{
			"teams as they come", func(s *realtime.LobbyPolicySpec) {
				s.Teams.MinSize, s.Teams.CompleteAtStart, s.Teams.FixedInMatch = 2, ptr(false), ptr(false)
			},
			func(p *lobbyrules.Policy) {
				p.Teams.MinSize, p.Teams.CompleteAtStart, p.Teams.FixedInMatch = 2, false, false
			},
		},
		{"no teams", func(s *realtime.LobbyPolicySpec) { s.Teams = nil }, func(p *lobbyrules.Policy) { p.Teams = lobbyrules.TeamPolicy{} }},
		{"a code as good as its lobby", func(s *realtime.LobbyPolicySpec) { s.Join.Code.TTL = nil }, func(p *lobbyrules.Policy) { p.Join.Code.TTL = 0 }},
		{
			"kicked, and back at once", func(s *realtime.LobbyPolicySpec) { s.Moderation.BanTTL = nil },
			func(p *lobbyrules.Policy) { p.Moderation.BanTTL = 0 },
		},
		{
			"visibilities", func(s *realtime.LobbyPolicySpec) {
				s.Visibility = realtime.VisibilityRules{Default: realtime.VisibilityFriends, Allowed: []realtime.Visibility{realtime.VisibilityFriends}}
			},
			func(p *lobbyrules.Policy) {
				p.Visibility = lobbyrules.VisibilityPolicy{Default: wire.VisibilityFriends, Allowed: []wire.Visibility{wire.VisibilityFriends}}
			},
		},
		{"no attributes", func(s *realtime.LobbyPolicySpec) { s.Attributes = nil }, func(p *lobbyrules.Policy) { p.Attributes = nil }},
		{
			"an attribute without bounds", func(s *realtime.LobbyPolicySpec) {
				s.Attributes = []realtime.LobbyAttribute{{Key: "n", Type: realtime.LobbyAttributeNumber, WritableBy: realtime.WritableByHost}}
			},
			func(p *lobbyrules.Policy) {
				p.Attributes = []lobbyrules.AttributeRule{{Key: "n", Type: lobbyrules.AttributeNumber, WritableBy: lobbyrules.WriterHost}}
			},
		},
		{
			"an empty text as default", func(s *realtime.LobbyPolicySpec) {
				s.Attributes = []realtime.LobbyAttribute{{Key: "s", Type: realtime.LobbyAttributeString, WritableBy: realtime.WritableByHost, Default: ptr("")}}
			},
			func(p *lobbyrules.Policy) {
				p.Attributes = []lobbyrules.AttributeRule{{Key: "s", Type: lobbyrules.AttributeString, WritableBy: lobbyrules.WriterHost, Default: ""}}
			},
		},
		{"no history", func(s *realtime.LobbyPolicySpec) { s.Chat.History.Size = ptr(int32(0)) }, func(p *lobbyrules.Policy) { p.Chat.HistorySize = 0 }},
		{
			"slow mode", func(s *realtime.LobbyPolicySpec) { s.Chat.SlowMode = ptr(realtime.NewDuration(3 * time.Second)) },
			func(p *lobbyrules.Policy) { p.Chat.SlowMode = 3 * time.Second },
		},
		{
			"a slow mode that is faster than the rate", func(s *realtime.LobbyPolicySpec) {
				s.Chat.SlowMode = ptr(realtime.NewDuration(time.Second / 2))
			},
			func(p *lobbyrules.Policy) { p.Chat.SlowMode = time.Second },
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			from := v1alpha1.LobbyPolicy{Name: "casual-policy", Spec: testPolicy("casual")}
			tc.from(&from.Spec)
			want := converted()
			want.Revision = from.Revision()
			tc.want(&want)
			if diff := cmp.Diff(want, lobbyPolicy(from), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPoliciesAreReplacedAsAWhole(t *testing.T) {
	var log journal
	p := newPolicies(testPolicies("casual", "ranked"), "", nil, &claimNames{}, slog.New(slog.NewTextHandler(&log, nil)))
	if _, ok := p.Policy("ranked"); !ok || p.outboundBytes() != 1<<20 || p.limits().Connections != 100 {
		t.Fatal("the first set is not in force")
	}
	next := testPolicies("duel")
	next.Limits.ConnectionsPerPod, next.Limits.PerConnection.OutboundBytes = 7, 9
	next.Lobbies[0].Spec.Chat.Filters = []realtime.ChatFilter{
		{Type: realtime.FilterWordList, WordsConfigMapRef: &realtime.KeyReference{Name: "words"}},
		{Type: realtime.FilterWebhook, URL: "https://example.org", SecretRef: &realtime.KeyReference{Name: "key"}},
	}
	next.Revision = next.ComputeRevision()
	p.apply(next)
	if n := log.count("the words of a chat filter's ConfigMap"); n != 1 {
		t.Errorf("warned %d times of words that did not come", n)
	}
	if len(p.filters("duel")) != 2 || len(p.filters("casual")) != 0 {
		t.Error("the filters are not those of the set")
	}
	if _, ok := p.Policy("ranked"); ok {
		t.Error("a policy that is gone is still in force")
	}
	if found, ok := p.Policy("duel"); !ok || found.Name != "duel" {
		t.Error("a new policy is not in force")
	}
	if p.revision() != next.Revision || p.limits().PolicyRevision != next.Revision || p.limits().Connections != 7 || p.outboundBytes() != 9 {
		t.Errorf("limits %+v, outbound %d", p.limits(), p.outboundBytes())
	}
}
