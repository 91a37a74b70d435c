package rules

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The bounds of a party.
const (
	// DefaultMembers is how many may be in a party that asks for no other size.
	DefaultMembers = 8
	minMembers     = 2
	MaxMembers     = 16
	// maxInvites is how many users may be asked in at once; further invites are
	// refused with resource_exhausted.
	MaxInvites = 16
	// MaxBans is the maximum number of banned users. At the bound, the kicked user whose ban
	// ends first is removed. Bans by party:ban stay, and another ban is refused with
	// resource_exhausted.
	MaxBans = 64
	// KickTTL is how long a kicked user may not join by the code.
	KickTTL = 10 * time.Minute
	// codeAgain is how long the leader waits between two new codes.
	CodePause = 2 * time.Second
	// maxDepartures are remembered, for departureMemory.
	MaxDepartures   = 32
	DepartureMemory = 2 * time.Minute
	// inviteTTL is how long an invite may be answered.
	InviteTTL = 5 * time.Minute
)

// Party is the document of a party's stream. Members see its [Party.View].
//
// A Party is a value: commands never change its maps and slices in place.
type Party struct {
	ID string `json:"id"`
	// Version and Epoch are the party's position in its stream; the store keeps them.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
	// Committed is the epoch of Version's commit, which members see: after a restart of the
	// store, a patch publishes the next epoch.
	Committed  string `json:"-"`
	LeaderID   string `json:"leaderId"`
	Code       string `json:"code"`
	MaxMembers int    `json:"maxMembers"`
	// CodeAt is when the leader last asked for another code.
	CodeAt int64 `json:"codeAt,omitempty"`
	// Locked closes the party to its code. Documents of earlier versions have none, and are open.
	Locked     bool              `json:"locked,omitempty"`
	Attributes wire.Attributes   `json:"attributes,omitempty"`
	Members    map[string]Member `json:"members"`
	// Banned has the end of each user's ban, in milliseconds since the epoch; at most MaxBans.
	// A banned user is not a member and has no invite.
	Banned map[string]int64 `json:"banned,omitempty"`
	// Invites are the open invites by invited user.
	Invites map[string]Invite `json:"invites,omitempty"`
	// Departed are the last departed users. Another pod can apply the side effects of a
	// departure if the first pod dies.
	Departed  []Departure `json:"departed,omitempty"`
	CreatedAt int64       `json:"createdAt"`
	// ClosedAt is when the last member went; 0 before.
	ClosedAt int64 `json:"closedAt,omitempty"`
}

// Member is one user in a party.
type Member struct {
	Name       string          `json:"name,omitempty"`
	Ready      bool            `json:"ready,omitempty"`
	JoinedAt   int64           `json:"joinedAt"`
	Attributes wire.Attributes `json:"attributes,omitempty"`
	// Claims are the claims of the member's token at the join; no client sees them.
	Claims map[string]any `json:"claims,omitempty"`
	// MembershipID distinguishes this membership from earlier ones of the same user.
	MembershipID string `json:"enrolment"`
	liveness.Live
}

// Invite asks one user in.
type Invite struct {
	ID        string `json:"id"`
	From      string `json:"from"`
	FromName  string `json:"fromName,omitempty"`
	ExpiresAt int64  `json:"expiresAt"`
	// ToldAt is when the user was last pushed the invite.
	PushedAt int64 `json:"toldAt,omitempty"`
}

// Departure is a departed user with the reason.
type Departure struct {
	UserID       string `json:"userId"`
	Reason       string `json:"reason"`
	MembershipID string `json:"enrolment"`
	// Message is the leader's message to a removed user.
	Message string `json:"message,omitempty"`
	// Silent says that the user needs no message, because the user left by the only session.
	Silent bool `json:"silent,omitempty"`
	// Version is the party's version without the user.
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
}

// The reasons of departures in party:removed.
const (
	ReasonLeft     = "left"
	ReasonKicked   = "kicked"
	ReasonBanned   = "banned"
	ReasonTimedOut = "timed_out"
)

// Actor is the user behind a command.
type Actor struct {
	ID, Name string
	// Session is the session that the command came through.
	Session string
	// Claims are those of the user's token that were asked for.
	Claims map[string]any
}

// Closed reports whether the party is closed. A closed party never changes.
func (p Party) Closed() bool { return p.ClosedAt != 0 }

// Has reports whether a user is a member.
func (p Party) Has(userID string) bool {
	_, in := p.Members[userID]
	return in
}

// Users are the ids of all members, longest in first.
func (p Party) Users() []string {
	return slices.SortedFunc(maps.Keys(p.Members), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.Members[a].JoinedAt, p.Members[b].JoinedAt), cmp.Compare(a, b))
	})
}

// View is the party as its members see it.
func (p Party) View() wire.Party {
	v := wire.Party{
		ID: p.ID, Version: p.Version, Epoch: p.Committed, LeaderID: p.LeaderID, Code: p.Code, MaxMembers: p.MaxMembers,
		Joinable: !p.Locked, Attributes: p.Attributes,
		Members: make(map[string]wire.PartyMemberView, len(p.Members)), Invited: make(map[string]int64, len(p.Invites)),
		Closed: p.Closed(), CreatedAt: p.CreatedAt,
	}
	if v.Attributes == nil {
		v.Attributes = wire.Attributes{}
	}
	for id, m := range p.Members {
		v.Members[id] = m.view(id == p.LeaderID)
	}
	for id, invite := range p.Invites {
		v.Invited[id] = invite.ExpiresAt
	}
	return v
}

func (m Member) view(leads bool) wire.PartyMemberView {
	v := wire.PartyMemberView{
		Role: wire.PartyMember, Name: m.Name, Ready: m.Ready, Connected: m.Connected(), JoinedAt: m.JoinedAt, Attributes: m.Attributes,
	}
	if leads {
		v.Role = wire.PartyLeader
	}
	if v.Attributes == nil {
		v.Attributes = wire.Attributes{}
	}
	return v
}

// successor returns the next leader: a connected member before a disconnected member, and of
// these the longest member. The party must have another member.
func (p Party) successor() string {
	heir := ""
	for _, id := range p.Users() {
		if id == p.LeaderID {
			continue
		}
		if p.Members[id].Connected() {
			return id
		}
		if heir == "" {
			heir = id
		}
	}
	return heir
}

// ActiveMember returns the member behind a command. For other users the party does not exist.
func (p Party) ActiveMember(userID string) (Member, error) {
	m, in := p.Members[userID]
	if !in {
		return Member{}, NotFound()
	}
	return m, nil
}

// CheckLeader refuses users other than the leader.
func (p Party) CheckLeader(userID string) error {
	if _, err := p.ActiveMember(userID); err != nil {
		return err
	}
	if p.LeaderID != userID {
		return wire.Precondition(wire.ReasonNotLeader, "only the leader may do this")
	}
	return nil
}

// NotFound is the refusal of a party that does not exist for the user.
func NotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such party") }

func ms(t time.Time) int64 { return t.UnixMilli() }

// DepartedSince returns the departures after a version; with all, all recorded departures.
func (p Party) DepartedSince(version uint64, all bool) []Departure {
	var some []Departure
	for _, d := range p.Departed {
		if all || d.Version > version {
			some = append(some, d)
		}
	}
	return some
}
