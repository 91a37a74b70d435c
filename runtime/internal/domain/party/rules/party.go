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
	// maxBans is how many users are kept out at once. At the bound a user who was kicked, and
	// whose ban ends first, makes room; bans by party:ban stay, and one more is refused with
	// resource_exhausted.
	MaxBans = 64
	// kickTTL is how long a user who was kicked may not come back by the code.
	KickTTL = 10 * time.Minute
	// codeAgain is how long the leader waits between two new codes.
	CodePause = 2 * time.Second
	// maxDepartures are remembered, for departureMemory.
	MaxDepartures   = 32
	DepartureMemory = 2 * time.Minute
	// inviteTTL is how long an invite may be answered.
	InviteTTL = 5 * time.Minute
)

// Party is the whole truth about a party: the document of its stream. What members
// see of it is [Party.View].
//
// A Party is a value: commands never change its maps and slices in place.
type Party struct {
	ID string `json:"id"`
	// Version and Epoch are the party's position in its stream; the store keeps them.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
	// Committed is the epoch in which Version was committed, which members see: after a
	// restart of the store, a patch tells them of the next epoch.
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
	// Banned holds until when a user may not come in, in milliseconds since the epoch; at most
	// maxBans. Nobody in it is a member or has an invite.
	Banned map[string]int64 `json:"banned,omitempty"`
	// Invites are open, by the user who is asked.
	Invites map[string]Invite `json:"invites,omitempty"`
	// Departed are the last who are no longer in; they stay listed so that what
	// follows from it can be done again by another pod if the first one dies over it.
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
	// Claims are those of the member's token when it came; nobody is shown them.
	Claims map[string]any `json:"claims,omitempty"`
	// Enrolment tells this stay from earlier ones of the same user.
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

// Departure is a user who is no longer in a party, and why.
type Departure struct {
	UserID       string `json:"userId"`
	Reason       string `json:"reason"`
	MembershipID string `json:"enrolment"`
	// Message is what the leader said to a user it kicked.
	Message string `json:"message,omitempty"`
	// Silent says that nobody has to be told: the user left by itself, by the only
	// connection it had.
	Silent bool `json:"silent,omitempty"`
	// Version is the party's version without the user.
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
}

// Why a user is no longer in a party, as party:removed says it.
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

// Closed tells whether the party is over; nothing changes any more then.
func (p Party) Closed() bool { return p.ClosedAt != 0 }

// Has tells whether a user is in.
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

// successor is who leads after the leader: of the others, a connected one before
// one that is not, and among those the one who is longest in. There must be another.
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

// member is the member behind a command. A party does not exist for strangers.
func (p Party) ActiveMember(userID string) (Member, error) {
	m, in := p.Members[userID]
	if !in {
		return Member{}, NotFound()
	}
	return m, nil
}

// ledBy refuses commands that are the leader's alone.
func (p Party) CheckLeader(userID string) error {
	if _, err := p.ActiveMember(userID); err != nil {
		return err
	}
	if p.LeaderID != userID {
		return wire.Precondition(wire.ReasonNotLeader, "only the leader may do this")
	}
	return nil
}

func NotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such party") }

func ms(t time.Time) int64 { return t.UnixMilli() }

// departedAfter are those who went after a version; with all, all that are remembered.
func (p Party) DepartedSince(version uint64, all bool) []Departure {
	var some []Departure
	for _, d := range p.Departed {
		if all || d.Version > version {
			some = append(some, d)
		}
	}
	return some
}
