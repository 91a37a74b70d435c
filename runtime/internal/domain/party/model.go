package party

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/jsonpatch"
	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The bounds of a party.
const (
	// DefaultMembers is how many may be in a party that asks for no other size.
	DefaultMembers = 8
	minMembers     = 2
	maxMembers     = 16
	// maxInvites is how many users may be asked in at once; further invites are
	// refused with resource_exhausted.
	maxInvites = 16
	// maxBans is how many users are kept out at once. At the bound a user who was kicked, and
	// whose ban ends first, makes room; bans by party:ban stay, and one more is refused with
	// resource_exhausted.
	maxBans = 64
	// kickTTL is how long a user who was kicked may not come back by the code.
	kickTTL = 10 * time.Minute
	// codeAgain is how long the leader waits between two new codes.
	codeAgain = 2 * time.Second
	// maxDepartures are remembered, for departureMemory.
	maxDepartures   = 32
	departureMemory = 2 * time.Minute
	// inviteTTL is how long an invite may be answered.
	inviteTTL = 5 * time.Minute
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
	Enrolment string `json:"enrolment"`
	liveness.Live
}

// Invite asks one user in.
type Invite struct {
	ID        string `json:"id"`
	From      string `json:"from"`
	FromName  string `json:"fromName,omitempty"`
	ExpiresAt int64  `json:"expiresAt"`
	// ToldAt is when the user was last pushed the invite.
	ToldAt int64 `json:"toldAt,omitempty"`
}

// Departure is a user who is no longer in a party, and why.
type Departure struct {
	UserID    string `json:"userId"`
	Reason    string `json:"reason"`
	Enrolment string `json:"enrolment"`
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

// at is the party with its place in its stream, which its document does not hold.
func (p Party) at(now stream.Snapshot) Party {
	p.Version, p.Epoch, p.Committed = now.Seq, now.Epoch, now.CommittedIn()
	return p
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

// edit is a party while a command changes it: its maps are its own. Maps and slices
// within members are shared and have to be replaced, not changed.
type edit struct {
	Party
	now     time.Time
	seen    wire.Party
	patches []wire.PartyPatch
	err     error
	// leaving is the session by which a user leaves; "" for none.
	leaving string
}

func (p Party) edit(now time.Time) *edit {
	e := &edit{Party: p, now: now, seen: p.View()}
	e.Members, e.Invites, e.Banned = maps.Clone(p.Members), maps.Clone(p.Invites), maps.Clone(p.Banned)
	if e.Invites == nil {
		e.Invites = map[string]Invite{}
	}
	oldest := ms(now.Add(-departureMemory))
	e.Departed = slices.DeleteFunc(slices.Clone(p.Departed), func(d Departure) bool { return d.At < oldest })
	return e
}

// patch ends one change: the next version, with the operations that lead there.
func (e *edit) patch(cause wire.CauseType, actor, reason string) {
	e.Version++
	e.Committed = e.Epoch
	view := e.View()
	ops, err := jsonpatch.Diff(e.seen, view)
	if err != nil {
		e.err = err
	}
	e.patches = append(e.patches, wire.PartyPatch{
		PartyID: e.ID, From: e.seen.Version, To: view.Version, Ops: ops,
		Cause: wire.Cause{Type: cause, ActorID: actor, Reason: reason},
	})
	e.seen = view
}

func (e *edit) done() (Party, []wire.PartyPatch, error) { return e.Party, e.patches, e.err }

// depart takes a member out and remembers why; before a leader goes another member
// leads, in a patch of its own, so that there is a leader at every version. The last
// who goes closes the party.
func (e *edit) depart(userID string, cause wire.CauseType, actor, reason, message string) {
	if userID == e.LeaderID && len(e.Members) > 1 {
		e.LeaderID = e.successor()
		e.patch(wire.CauseLeaderSuccession, userID, reason)
	}
	m := e.Members[userID]
	delete(e.Members, userID)
	e.unready()
	e.Departed = append(e.Departed, Departure{
		UserID: userID, Reason: reason, Enrolment: m.Enrolment, Message: message,
		Silent:  reason == ReasonLeft && m.Only(e.leaving),
		Version: e.Version + 1, At: ms(e.now),
	})
	if over := len(e.Departed) - maxDepartures; over > 0 {
		e.Departed = e.Departed[over:]
	}
	if len(e.Members) == 0 {
		e.LeaderID, e.ClosedAt = "", ms(e.now)
		clear(e.Invites)
	}
	e.patch(cause, actor, message)
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
func (p Party) member(userID string) (Member, error) {
	m, in := p.Members[userID]
	if !in {
		return Member{}, notFound()
	}
	return m, nil
}

// ledBy refuses commands that are the leader's alone.
func (p Party) ledBy(userID string) error {
	if _, err := p.member(userID); err != nil {
		return err
	}
	if p.LeaderID != userID {
		return wire.Precondition(wire.ReasonNotLeader, "only the leader may do this")
	}
	return nil
}

func notFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such party") }

func ms(t time.Time) int64 { return t.UnixMilli() }
