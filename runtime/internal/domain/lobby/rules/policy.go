package rules

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Policy is a LobbyPolicy for lobbies of one type. A lobby stores a copy of its policy. All
// defaults are resolved; a field whose zero value has a meaning documents that meaning.
type Policy struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
	// Type is the type in lobby:create.
	Type string `json:"type"`
	// ApplyToAll makes lobbies that exist already take over a new revision: with their
	// next change, or when the sweep comes to them.
	ApplyToAll bool             `json:"applyToAll,omitempty"`
	Size       SizePolicy       `json:"size"`
	Visibility VisibilityPolicy `json:"visibility"`
	Join       JoinPolicy       `json:"join"`
	Host       HostPolicy       `json:"host"`
	Ready      ReadyPolicy      `json:"ready"`
	Teams      TeamPolicy       `json:"teams"`
	// Attributes declare the keys that lobbies and members may have.
	Attributes []AttributeRule  `json:"attributes,omitempty"`
	Limits     AttributeLimits  `json:"attributeLimits"`
	Chat       ChatPolicy       `json:"chat"`
	Moderation ModerationPolicy `json:"moderation"`
	Lifecycle  LifecyclePolicy  `json:"lifecycle"`
	Search     SearchPolicy     `json:"search"`
}

// SearchPolicy lets clients search public lobbies, MaxResults a page.
type SearchPolicy struct {
	Enabled    bool `json:"enabled,omitempty"`
	MaxResults int  `json:"maxResults,omitempty"`
}

// SizePolicy bounds the size of a lobby. Min and Max bound the host's maxMembers. Spectators is
// the maximum number of spectators.
type SizePolicy struct {
	Min        int `json:"min"`
	Max        int `json:"max"`
	Spectators int `json:"spectators"`
}

// VisibilityPolicy is the visibility a lobby starts with and those it may have.
type VisibilityPolicy struct {
	Default wire.Visibility   `json:"default"`
	Allowed []wire.Visibility `json:"allowed"`
}

// JoinPolicy has the rules of joins.
type JoinPolicy struct {
	Code     CodePolicy     `json:"code"`
	Password PasswordPolicy `json:"password"`
	// Requests lets users ask the host to be let in.
	Requests bool `json:"requests,omitempty"`
	// LateJoin lets users in while the match runs.
	LateJoin bool `json:"lateJoin"`
	// LateSpectators lets spectators in while the match runs, whatever LateJoin says.
	LateSpectators bool `json:"lateSpectators,omitempty"`
	// ChangeRole lets a spectator become a player, and a player a spectator, without leaving.
	ChangeRole bool `json:"changeRole,omitempty"`
	// MaxPerUser is in how many lobbies of this type a user may be; 0 means 1.
	MaxPerUser int `json:"maxPerUser"`
}

// CodePolicy is about join codes of Length characters, 4 to 16. A code is good
// for TTL; 0 means for as long as the lobby lives.
type CodePolicy struct {
	Enabled bool          `json:"enabled"`
	Length  int           `json:"length"`
	TTL     time.Duration `json:"ttl"`
}

// PasswordPolicy is about passwords of at least MinLength characters.
type PasswordPolicy struct {
	Allowed   bool `json:"allowed"`
	MinLength int  `json:"minLength"`
}

// Migration is how a new host is chosen.
type Migration string

// The ways to choose a new host. With MigrateNone nobody follows a host: the
// lobby closes when it leaves while others are there.
const (
	MigrateOldest Migration = "OldestConnected"
	MigrateRandom Migration = "Random"
	MigrateNone   Migration = "None"
)

// OnLeave is the effect of the host's departure.
type OnLeave string

// The effects of the host's departure.
const (
	OnLeaveMigrate OnLeave = "Migrate"
	OnLeaveClose   OnLeave = "Close"
)

// HostPolicy has the rules of a lobby without its host. Grace is how long a disconnected host
// keeps the role while other players are connected.
type HostPolicy struct {
	Migration Migration     `json:"migration"`
	Grace     time.Duration `json:"grace"`
	OnLeave   OnLeave       `json:"onLeave"`
	// EndMatch lets the host end the running match.
	EndMatch bool `json:"endMatch,omitempty"`
}

// ReadyPolicy is about the players' ready flags.
type ReadyPolicy struct {
	// Required refuses a start while fewer than MinPercent of the players, the host
	// among them, are ready; 0 means 100.
	Required   bool `json:"required,omitempty"`
	MinPercent int  `json:"minPercent,omitempty"`
	// AutoStart begins the countdown as soon as that many are.
	AutoStart bool `json:"autoStart,omitempty"`
	// Countdown is from the start to the match; 0 means none.
	Countdown time.Duration `json:"countdown,omitempty"`
	// ClearOnChange takes all flags back when players come, go or change teams, and
	// when the host changes the lobby's size or attributes.
	ClearOnChange bool `json:"clearOnChange"`
}

// percent of the players that have to be ready.
func (r ReadyPolicy) percent() int {
	if r.MinPercent == 0 {
		return 100
	}
	return r.MinPercent
}

// TeamPolicy declares the teams "1" to Count, 0 for none, of at most Size members, 0 for any
// number. AutoBalance puts a player without a requested team into the smallest team.
type TeamPolicy struct {
	Count       int  `json:"count"`
	Size        int  `json:"size"`
	AutoBalance bool `json:"autoBalance"`
	// MinSize is how many players each team needs for a start; 0 means none.
	MinSize int `json:"minSize,omitempty"`
	// CompleteAtStart refuses a start while a player is in no team.
	CompleteAtStart bool `json:"completeAtStart,omitempty"`
	// FixedInMatch keeps players in their teams while the match runs.
	FixedInMatch bool `json:"fixedInMatch,omitempty"`
}

// ChatPolicy has the rules of the lobby's chat channel; see package chat.
type ChatPolicy struct {
	Enabled bool `json:"enabled"`
	// MaxLength of a text, in characters.
	MaxLength int `json:"maxLength"`
	// HistorySize is how many messages are kept, for HistoryTTL after the last.
	HistorySize int           `json:"historySize"`
	HistoryTTL  time.Duration `json:"historyTTL"`
	// RateMessages in any RatePer may be sent by each user; 0 means no limit.
	RateMessages int           `json:"rateMessages"`
	RatePer      time.Duration `json:"ratePer"`
	// SlowMode is the minimum time between two messages of a user; 0 for none. It does not bind
	// moderators.
	SlowMode time.Duration `json:"slowMode,omitempty"`
	// Edit lets senders edit and delete their messages.
	Edit bool `json:"edit"`
}

// ModerationPolicy has the rules of moderation. BanTTL is how long a kicked or banned user
// stays out; with 0 a kicked user may join at once, and bans have no end.
type ModerationPolicy struct {
	// Kick lets the host kick and ban.
	Kick   bool          `json:"kick"`
	BanTTL time.Duration `json:"banTTL"`
	// VoteKick lets the players vote; VoteRatio of the others have to agree.
	VoteKick  bool    `json:"voteKick,omitempty"`
	VoteRatio float64 `json:"voteRatio,omitempty"`
}

// LifecyclePolicy bounds how long things last. IdleTimeout and MaxLifetime of 0
// mean no bound.
type LifecyclePolicy struct {
	// DisconnectGrace is how long a member without a connection stays.
	DisconnectGrace time.Duration `json:"disconnectGrace"`
	// EmptyTimeout is how long a lobby without players stays.
	EmptyTimeout time.Duration `json:"emptyTimeout"`
	// IdleTimeout is how long a lobby in which nothing is done, and nothing said, stays.
	IdleTimeout time.Duration `json:"idleTimeout"`
	// MaxLifetime is how long a lobby may live at all.
	MaxLifetime time.Duration `json:"maxLifetime"`
}

// LobbiesPerUser returns the number of lobbies of this type that a user may be in, at least 1.
func (p Policy) LobbiesPerUser() int { return max(p.Join.MaxPerUser, 1) }

// visibility gives the visibility asked for, or the default.
func (p Policy) visibility(asked wire.Visibility, field string) (wire.Visibility, error) {
	if asked == "" {
		return p.Visibility.Default, nil
	}
	if asked != p.Visibility.Default && !slices.Contains(p.Visibility.Allowed, asked) {
		return "", wire.Invalid(field, "the policy does not allow the visibility "+string(asked))
	}
	return asked, nil
}

// CheckPassword returns why a lobby may not have this password. Call it before hashing; field
// is the field of the error.
func (p Policy) CheckPassword(password, field string) error {
	switch {
	case password == "":
		return nil
	case !p.Join.Password.Allowed:
		return wire.Invalid(field, "the policy does not allow passwords")
	case utf8.RuneCountInString(password) < p.Join.Password.MinLength:
		return wire.Invalid(field, "the password is shorter than the policy demands")
	case len(password) > MaxPasswordBytes:
		return wire.Invalid(field, "the password is longer than 72 bytes")
	}
	return nil
}

// MaxPasswordBytes is the length that bcrypt compares.
const MaxPasswordBytes = 72
