package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Lobby is the document of a lobby's stream. Clients see its [Lobby.View].
//
// A Lobby is a value. Commands never change the maps and slices of their lobby, so concurrent
// reads are safe.
type Lobby struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Version and Epoch are the lobby's position in its stream; the store keeps them.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
	// Committed is the epoch of Version's commit, which members see: after a restart of the
	// store, a patch publishes the next epoch.
	Committed  string           `json:"-"`
	HostID     string           `json:"hostId,omitempty"`
	Status     wire.LobbyStatus `json:"status"`
	Visibility wire.Visibility  `json:"visibility"`
	// Code is the valid join code; CodeUntil is its expiry, 0 for none.
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
	// StartsAt is the end of the countdown. StartedBy is the host who began the countdown, ""
	// for an automatic start. Relock says that the lobby was locked before.
	StartsAt  int64  `json:"startsAt,omitempty"`
	StartedBy string `json:"startedBy,omitempty"`
	Relock    bool   `json:"relock,omitempty"`
	// Match is set while the lobby is in one; it is replaced, not changed.
	Match *wire.Match `json:"match,omitempty"`
	// LastMatch is the result of the previous match; nil before the first end. It is replaced,
	// not changed.
	LastMatch *wire.MatchEnd `json:"lastMatch,omitempty"`
	// Invites, Requests and Votes are by the user they are about.
	Invites  map[string]Invite  `json:"invites,omitempty"`
	Requests map[string]Request `json:"requests,omitempty"`
	Votes    map[string]Vote    `json:"votes,omitempty"`
	// Banned holds until when a user may not come back. At most maxBans; those
	// that end first go first.
	Banned map[string]int64 `json:"banned,omitempty"`
	// Departed are the last departed users, for DepartureMemory. Another pod can apply the side
	// effects of a departure if the first pod dies.
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

	// Origin is the match for which the lobby was created; nil for a lobby of a host. It is
	// replaced, not changed.
	Origin *Origin `json:"origin,omitempty"`

	// publishedPolicy is the policy that clients know, after Adopt replaced it; nil without a
	// replacement.
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
	// SwapWith is the member to whom this member offers its place until SwapUntil, in
	// milliseconds since the epoch; "" for none.
	SwapWith  string `json:"swapWith,omitempty"`
	SwapUntil int64  `json:"swapUntil,omitempty"`
	// MembershipID distinguishes this membership from earlier ones of the same user.
	MembershipID string `json:"enrolment,omitempty"`
	// Reserved is set until a member with a reserved place connects.
	Reserved *Reservation `json:"broughtBy,omitempty"`
	liveness.Live
}

// Reservation is the reason of a membership that the user did not request.
type Reservation struct {
	// By is the leader of Party; "" unless Reason is party.
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

// LeavesAt returns when a disconnected member is removed, in milliseconds since the epoch.
func (m Member) LeavesAt(grace time.Duration) int64 {
	if m.Reserved != nil && m.Reserved.KeptUntil != 0 {
		return m.Reserved.KeptUntil
	}
	return m.DisconnectedAt + grace.Milliseconds()
}

// Player reports whether the member is a player, not a spectator.
func (m Member) Player() bool { return m.Role != wire.RoleSpectator }

// Departure is a departed user with the reason.
type Departure struct {
	UserID string `json:"userId"`
	Reason string `json:"reason"`
	// MembershipID identifies the membership that ended.
	MembershipID string `json:"enrolment,omitempty"`
	// By is the user who removed this user; "" for none.
	By string `json:"by,omitempty"`
	// Message is the host's message to a removed user.
	Message string `json:"message,omitempty"`
	// Silent says that the user needs no message, because the user left by the only session.
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

// The bounds of a lobby's memory.
const (
	MaxBans         = 256
	MaxDepartures   = 32
	DepartureMemory = 2 * time.Minute
)

// Closed reports whether the lobby is closed. A closed lobby never changes.
func (l Lobby) Closed() bool { return l.Status == wire.LobbyClosed }

// Players returns the number of players.
func (l Lobby) Players() int { return l.count(Member.Player) }

// Spectators returns the number of spectators.
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

// Has reports whether a user is a member.
func (l Lobby) Has(userID string) bool {
	_, in := l.Members[userID]
	return in
}

// View is the lobby as its members see it.
func (l Lobby) View() wire.Lobby { return l.view(false) }

// PublicView returns the lobby as other users see it: without its code, and with the public
// attributes only.
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

// voteCounts returns the number of votes for each target; nil for none.
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

// Adopt replaces the lobby's policy by a policy with ApplyToAll. Every read of a lobby does
// that; the next change stores it, or the sweep. The members and attributes stay, even if the
// new policy would refuse them.
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

// WithPublishedPolicy returns the lobby with the policy that clients know.
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

// bySeniority returns the matching members, the longest member first.
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

// CheckOpen refuses a closed lobby.
func (l Lobby) CheckOpen() error {
	if l.Closed() {
		return wire.Precondition(wire.ReasonLobbyClosed, "the lobby is closed")
	}
	return nil
}

// ActiveMember returns the member behind a command on an open lobby. A lobby that is not public
// does not exist for other users.
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

// checkHost refuses users other than the host.
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
