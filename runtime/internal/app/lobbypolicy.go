package app

import (
	"strings"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/wire"
)

// lobbyPolicy converts a rendered policy, validated and with the API server's defaults, into the
// form of package lobby.
func lobbyPolicy(p v1alpha1.LobbyPolicy) lobbyrules.Policy {
	s := p.Spec
	return lobbyrules.Policy{
		Name:       p.Name,
		Revision:   p.Revision(),
		Type:       s.LobbyType,
		ApplyToAll: s.ApplyTo == realtime.ApplyToAllLobbies,
		Size:       lobbyrules.SizePolicy{Min: int(s.Size.Min), Max: int(s.Size.Max), Spectators: int(s.Size.Spectators)},
		Visibility: visibilityPolicy(s.Visibility),
		Join:       joinPolicy(s.Join),
		Host: lobbyrules.HostPolicy{
			Migration: lobbyrules.Migration(s.Host.Migration), Grace: s.Host.Grace.Duration, OnLeave: lobbyrules.OnLeave(s.Host.OnLeave),
			EndMatch: on(s.Host.EndMatch),
		},
		Ready: lobbyrules.ReadyPolicy{
			Required: s.Ready.Required, MinPercent: int(s.Ready.MinPercent), AutoStart: s.Ready.AutoStart,
			Countdown: s.Ready.Countdown.Duration, ClearOnChange: on(s.Ready.ClearOnChange),
		},
		Teams:      teamPolicy(s.Teams),
		Attributes: attributeRules(s.Attributes),
		Limits:     lobbyrules.AttributeLimits{Keys: int(s.AttributeLimits.Keys), Bytes: int(s.AttributeLimits.Bytes)},
		Chat:       chatPolicy(s.Chat),
		Moderation: moderationPolicy(s),
		Lifecycle: lobbyrules.LifecyclePolicy{
			DisconnectGrace: s.Lifecycle.DisconnectGrace.Duration,
			EmptyTimeout:    s.Lifecycle.EmptyTimeout.Duration,
			IdleTimeout:     s.Lifecycle.IdleTimeout.Duration,
			MaxLifetime:     s.Lifecycle.MaxLifetime.Duration,
		},
		Search: lobbyrules.SearchPolicy{Enabled: on(s.Search.Enabled), MaxResults: int(s.Search.MaxResults)},
	}
}

func visibilityPolicy(v realtime.VisibilityRules) lobbyrules.VisibilityPolicy {
	allowed := make([]wire.Visibility, 0, len(v.Allowed))
	for _, a := range v.Allowed {
		allowed = append(allowed, visibility(a))
	}
	return lobbyrules.VisibilityPolicy{Default: visibility(v.Default), Allowed: allowed}
}

// visibility is the wire's word: that of the resource in small letters.
func visibility(v realtime.Visibility) wire.Visibility {
	return wire.Visibility(strings.ToLower(string(v)))
}

func joinPolicy(j realtime.JoinRules) lobbyrules.JoinPolicy {
	return lobbyrules.JoinPolicy{
		Code:           lobbyrules.CodePolicy{Enabled: on(j.Code.Enabled), Length: int(j.Code.Length), TTL: orZero(j.Code.TTL)},
		Password:       lobbyrules.PasswordPolicy{Allowed: j.Password.Allowed, MinLength: int(j.Password.MinLength)},
		Requests:       j.Requests,
		LateJoin:       j.LateJoin,
		LateSpectators: j.LateSpectators,
		ChangeRole:     on(j.ChangeRole),
		MaxPerUser:     int(j.MaxPerUser),
	}
}

func teamPolicy(t *realtime.TeamRules) lobbyrules.TeamPolicy {
	if t == nil {
		return lobbyrules.TeamPolicy{}
	}
	return lobbyrules.TeamPolicy{
		Count: int(t.Count), Size: int(t.Size), MinSize: int(t.MinSize), AutoBalance: on(t.AutoBalance),
		CompleteAtStart: on(t.CompleteAtStart), FixedInMatch: on(t.FixedInMatch),
	}
}

// chatPolicy spaces the messages of slow mode so that they keep within the rate too.
func chatPolicy(c realtime.ChatRules) lobbyrules.ChatPolicy {
	p := lobbyrules.ChatPolicy{
		Enabled: on(c.Enabled), MaxLength: int(c.MaxLength), HistoryTTL: c.History.TTL.Duration,
		RateMessages: int(c.Rate.Messages), RatePer: c.Rate.Per.Duration, Edit: on(c.Edit),
	}
	if c.History.Size != nil {
		p.HistorySize = int(*c.History.Size)
	}
	if slow := orZero(c.SlowMode); slow > 0 {
		p.SlowMode = max(slow, p.RatePer/time.Duration(max(p.RateMessages, 1)))
	}
	return p
}

func moderationPolicy(s realtime.LobbyPolicySpec) lobbyrules.ModerationPolicy {
	p := lobbyrules.ModerationPolicy{Kick: on(s.Moderation.Kick), VoteKick: s.Moderation.VoteKick.Enabled}
	if ratio := number(s.Moderation.VoteKick.Ratio); ratio != nil {
		p.VoteRatio = *ratio
	}
	if s.Moderation.BanTTL != nil {
		p.BanTTL = s.Moderation.BanTTL.Duration
	}
	return p
}

func attributeRules(declared []realtime.LobbyAttribute) []lobbyrules.AttributeRule {
	rules := make([]lobbyrules.AttributeRule, 0, len(declared))
	for _, a := range declared {
		rule := lobbyrules.AttributeRule{
			Key: a.Key, Type: lobbyrules.AttributeType(a.Type), WritableBy: lobbyrules.Writer(a.WritableBy),
			Visibility: lobbyrules.Audience(a.Visibility), Searchable: a.Searchable,
			Enum: a.Enum, Min: number(a.Min), Max: number(a.Max), Default: defaultOf(a),
		}
		if a.MaxLength != nil {
			rule.MaxLength = int(*a.MaxLength)
		}
		rules = append(rules, rule)
	}
	return rules
}

// defaultOf gives the default in the attribute's type; nil when there is none.
func defaultOf(a realtime.LobbyAttribute) any {
	switch {
	case a.Default == nil:
		return nil
	case a.Type == realtime.LobbyAttributeBoolean:
		return *a.Default == "true"
	case a.Type == realtime.LobbyAttributeNumber:
		if n := number(realtime.Decimal(*a.Default)); n != nil {
			return *n
		}
		return nil
	}
	return *a.Default
}

// number gives a bound; nil when there is none. A set with a bound that is no
// number was refused when it was loaded.
func number(d realtime.Decimal) *float64 {
	n, err := d.Float64()
	if err != nil {
		return nil
	}
	return &n
}

// on reads a switch that defaults to true.
func on(s *bool) bool { return s == nil || *s }

func orZero(d *realtime.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return d.Duration
}
