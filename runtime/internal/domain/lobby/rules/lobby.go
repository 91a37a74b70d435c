package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Lobby is the whole truth about a lobby: the document of its stream. What
// clients see of it is [Lobby.View].
//
// A Lobby is a value. Commands never change the maps and slices of the lobby
// they are given, so that a lobby may be read while another is made of it.
type Lobby struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Version and Epoch are the lobby's position in its stream; the store keeps them.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
	// Committed is the epoch in which Version was committed, which members see: after a
	// restart of the store, a patch tells them of the next epoch.
	Committed  string           `json:"-"`
	HostID     string           `json:"hostId,omitempty"`
	Status     wire.LobbyStatus `json:"status"`
	Visibility wire.Visibility  `json:"visibility"`
	// Code is the join code while it is good; CodeUntil, when not 0, is when it
	// ceases to be.
	Code      string `json:"code,omitempty"`
	CodeUntil int64  `json:"codeUntil,omitempty"`
	// PasswordHash never leaves the server.
	PasswordHash string `json:"passwordHash,omitempty"`
	// CodeAt is when the host last asked for another code.
	CodeAt     int64             `json:"codeAt,omitempty"`
	MaxMembers int               `json:"maxMembers"`
	Members    map[string]Member `json:"members"`
	Attributes wire.Attributes   `json:"attributes,omitempty"`
	Policy     Policy            `json:"policy"`
	// StartsAt is when the countdown ends, StartedBy the host who began it, "" when it
	// began by itself, and Relock says that the lobby was locked before.
	StartsAt  int64  `json:"startsAt,omitempty"`
	StartedBy string `json:"startedBy,omitempty"`
	Relock    bool   `json:"relock,omitempty"`
	// Match is set while the lobby is in one; it is replaced, not changed.
	Match *wire.Match `json:"match,omitempty"`
	// LastMatch is what became of the match before; nil before the first has ended. It is
	// replaced, not changed.
	LastMatch *wire.MatchEnd `json:"lastMatch,omitempty"`
	// Invites, Requests and Votes are by the user they are about.
	Invites  map[string]Invite  `json:"invites,omitempty"`
	Requests map[string]Request `json:"requests,omitempty"`
	Votes    map[string]Vote    `json:"votes,omitempty"`
	// Banned holds until when a user may not come back. At most maxBans; those
	// that end first go first.
	Banned map[string]int64 `json:"banned,omitempty"`
	// Departed are the last who are no longer in. They stay listed for
	// departureMemory, so that what follows from it (telling them, tidying up) can be
	// done again by another pod if the first one dies over it.
	Departed  []Departure `json:"departed,omitempty"`
	CreatedAt int64       `json:"createdAt"`
	// ExpiresAt is the end of the lobby's longest life; 0 means none.
	ExpiresAt int64 `json:"expiresAt,omitempty"`
	// ActiveAt is when a user last did something.
	ActiveAt int64 `json:"activeAt"`
	// EmptySince is when the last player left; 0 while there are players.
	EmptySince int64 `json:"emptySince,omitempty"`
	// ClosedAt is when the lobby was closed; 0 before.
	ClosedAt int64 `json:"closedAt,omitempty"`

	// Origin is what the lobby was made for; nil when its host made it. It is replaced,
	// not changed.
	Origin *Origin `json:"origin,omitempty"`

	// told is the policy that clients were last told of, when Adopt has put
	// another in its place.
	publishedPolicy *Policy
}

// Member is one user in a lobby.
type Member struct {
	Role       wire.Role       `json:"role"`
	Name       string          `json:"name,omitempty"`
	Team       string          `json:"team,omitempty"`
	Slot       int             `json:"slot"`
	Ready      bool            `json:"ready,omitempty"`
	JoinedAt   int64           `json:"joinedAt"`
	Attributes wire.Attributes `json:"attributes,omitempty"`
	// SwapWith is the member to whom this one offers its place until SwapUntil, in
	// milliseconds since the epoch; "" for none.
	SwapWith  string `json:"swapWith,omitempty"`
	SwapUntil int64  `json:"swapUntil,omitempty"`
	// Enrolment tells this stay in the lobby from earlier ones of the same user.
	MembershipID string `json:"enrolment,omitempty"`
	// BroughtBy is set while a member who did not join itself has not come yet.
	Reserved *Reservation `json:"broughtBy,omitempty"`
	liveness.Live
}

// Bringer is why a user is a member of a lobby that it did not join itself.
type Reservation struct {
	// By is the leader of Party, who brought the user; "" where Reason is not party.
	By     string `json:"by,omitempty"`
	ByName string `json:"byName,omitempty"`
	Party  string `json:"party,omitempty"`
	// Reason is party, match or server; documents of earlier versions have none and mean
	// party.
	Reason wire.JoinedReason `json:"reason,omitempty"`
	// KeptUntil is when the user leaves unless it has come; 0 for the policy's grace.
	KeptUntil int64 `json:"keptUntil,omitempty"`
	Stamp
}

// leavesAt is when a member who is not connected leaves, in milliseconds since the epoch.
func (m Member) LeavesAt(grace time.Duration) int64 {
	if m.Reserved != nil && m.Reserved.KeptUntil != 0 {
		return m.Reserved.KeptUntil
	}
	return m.DisconnectedAt + grace.Milliseconds()
}

// Player tells whether the member takes part, rather than watches.
func (m Member) Player() bool { return m.Role != wire.RoleSpectator }

// Departure is a user who is no longer in a lobby, and why.
type Departure struct {
	UserID string `json:"userId"`
	Reason string `json:"reason"`
	// Enrolment is that of the stay that ended.
	MembershipID string `json:"enrolment,omitempty"`
	// By is who took the user out; "" when that was nobody else.
	By string `json:"by,omitempty"`
	// Message is what the host said to a user it kicked.
	Message string `json:"message,omitempty"`
	// Silent says that nobody has to be told: the user left by itself, by the
	// only connection it had.
	Silent bool `json:"silent,omitempty"`
	// Version is the lobby's version without the user.
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
}

// Actor is the user behind a command.
type Actor struct {
	ID, Name string
	// Session is the session that the command came through.
	Session string
}

// The bounds of what a lobby remembers.
const (
	MaxBans         = 256
	MaxDepartures   = 32
	DepartureMemory = 2 * time.Minute
)

// Closed tells whether the lobby is over; nothing changes any more then.
func (l Lobby) Closed() bool { return l.Status == wire.LobbyClosed }

// Players counts the members who take part.
func (l Lobby) Players() int { return l.count(Member.Player) }

// Spectators counts the members who watch.
func (l Lobby) Spectators() int {
	return l.count(func(m Member) bool { return !m.Player() })
}

func (l Lobby) count(is func(Member) bool) int {
	n := 0
	for _, m := range l.Members {
		if is(m) {
			n++
		}
	}
	return n
}

// Has tells whether a user is in.
func (l Lobby) Has(userID string) bool {
	_, in := l.Members[userID]
	return in
}

// View is the lobby as its members see it.
func (l Lobby) View() wire.Lobby { return l.view(false) }

// PublicView is the lobby as those see it who are not in: without its code, and
// with those attributes only that are for all.
func (l Lobby) PublicView() wire.Lobby {
	v := l.view(true)
	v.Code, v.Match, v.LastMatch, v.Votes = "", nil, nil, nil
	return v
}

func (l Lobby) view(public bool) wire.Lobby {
	policy := &l.Policy
	if l.publishedPolicy != nil {
		policy = l.publishedPolicy
	}
	hidden := policy.hidden(public)
	members := make(map[string]wire.Member, len(l.Members))
	for id, m := range l.Members {
		members[id] = m.view(hidden)
	}
	return wire.Lobby{
		ID: l.ID, Type: l.Policy.Type, Name: l.Name,
		Version: l.Version, Epoch: l.Committed,
		HostID: l.HostID, Status: l.Status, Visibility: l.Visibility,
		Code: l.Code, HasPassword: l.PasswordHash != "", MaxMembers: l.MaxMembers,
		Members: members, Attributes: without(l.Attributes, hidden),
		Policy:   wire.PolicyRef{Name: policy.Name, Revision: policy.Revision},
		StartsAt: l.StartsAt, MatchID: l.matchID(), Match: l.Match, LastMatch: l.LastMatch, Votes: l.voteCounts(),
		CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt,
	}
}

func (l Lobby) matchID() string {
	if l.Match == nil {
		return ""
	}
	return l.Match.ID
}

// voices counts the votes; nil when there are none.
func (l Lobby) voteCounts() map[string]int {
	if len(l.Votes) == 0 {
		return nil
	}
	counts := make(map[string]int, len(l.Votes))
	for target, v := range l.Votes {
		counts[target] = len(v.By)
	}
	return counts
}

// Adopt puts a policy that applies to all lobbies in place of the lobby's own. It is
// done whenever a lobby is read, and written with its next change, which the sweep makes
// if nobody else does. What is there already stays, even if the new policy would not have
// let it in.
func (l Lobby) Adopt(p Policy) Lobby {
	if !p.ApplyToAll || p.Revision == l.Policy.Revision {
		return l
	}
	if l.publishedPolicy == nil {
		was := l.Policy
		l.publishedPolicy = &was
	}
	l.Policy = p
	return l
}

// HasUnpublishedPolicy reports whether Adopt replaced the policy that clients know.
func (l Lobby) HasUnpublishedPolicy() bool { return l.publishedPolicy != nil }

// asTold is the lobby under the policy that clients were last told of.
func (l Lobby) WithPublishedPolicy() Lobby {
	if l.publishedPolicy != nil {
		l.Policy, l.publishedPolicy = *l.publishedPolicy, nil
	}
	return l
}

func (m Member) view(hidden map[string]bool) wire.Member {
	return wire.Member{
		Role: m.Role, Name: m.Name, Team: m.Team, Slot: m.Slot, Ready: m.Ready, SwapWith: m.SwapWith,
		Connected: m.Connected(), JoinedAt: m.JoinedAt, Attributes: without(m.Attributes, hidden),
	}
}

// bySeniority are the ids of the members who match, longest in first.
func (l Lobby) bySeniority(match func(Member) bool) []string {
	ids := make([]string, 0, len(l.Members))
	for id, m := range l.Members {
		if match(m) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(l.Members[a].JoinedAt, l.Members[b].JoinedAt), cmp.Compare(a, b))
	})
	return ids
}

// open refuses what comes too late for a lobby.
func (l Lobby) CheckOpen() error {
	if l.Closed() {
		return wire.Precondition(wire.ReasonLobbyClosed, "the lobby is closed")
	}
	return nil
}

// member is the member behind a command. Strangers are not told that a lobby they
// cannot see exists.
func (l Lobby) ActiveMember(userID string) (Member, error) {
	m, in := l.Members[userID]
	if !in {
		if l.Visibility != wire.VisibilityPublic {
			return Member{}, NotFound()
		}
		return Member{}, wire.Precondition(wire.ReasonNotMember, "you are not in this lobby")
	}
	return m, l.CheckOpen()
}

// ledBy refuses commands that are the host's alone.
func (l Lobby) checkHost(userID string) error {
	if _, err := l.ActiveMember(userID); err != nil {
		return err
	}
	if l.HostID != userID {
		return wire.Precondition(wire.ReasonNotHost, "only the host may do this")
	}
	return nil
}

func ms(t time.Time) int64 { return t.UnixMilli() }
