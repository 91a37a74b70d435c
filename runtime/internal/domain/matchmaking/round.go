package matchmaking

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Round is a match from its proposal until its players know where to play. It is proposed
// until all players have accepted, and then in its hand-off.
type Round struct {
	ID    string `json:"id"`
	Queue string `json:"queue"`
	Teams []Side `json:"teams"`
	// Region is the region where the match shall run; "" for none.
	Region string `json:"region,omitempty"`
	// Backfill is the lobby whose open places the round fills, and Match the match that
	// runs there; "" for a new match, whose id is the round's.
	Backfill string `json:"backfill,omitempty"`
	Match    string `json:"match,omitempty"`
	// Profiles are the tickets' profiles by ticket, where the queue allows backfill.
	Profiles map[string]Profile `json:"profiles,omitempty"`
	// Attempts are the tickets' attempts by ticket.
	Attempts map[string]int `json:"attempts,omitempty"`
	// Accepted are the players who have accepted.
	Accepted map[string]bool `json:"accepted,omitempty"`
	// Deadline is the end of the ready check or, during the hand-off, the end of the
	// hand-off.
	Deadline int64 `json:"deadline"`
	// Handing says that the hand-off has begun.
	Handing bool  `json:"handing,omitempty"`
	MadeAt  int64 `json:"madeAt"`
	// Done is set when the round has ended and its players are still claimed.
	Done *ending `json:"done,omitempty"`
}

// ending is the remaining work after a round: the copies of its tickets in other queues
// and, after a match, the other tickets of its players.
type ending struct {
	// At is the time of the end; Assigned says that the players were matched.
	At       int64 `json:"at"`
	Assigned bool  `json:"assigned,omitempty"`
	// Tickets are the round's tickets that are in several queues.
	Tickets []endedTicket `json:"tickets,omitempty"`
}

// endedTicket is a ticket in several queues after a round.
type endedTicket struct {
	ID     string   `json:"id"`
	Queues []string `json:"queues"`
	// Gone says that the ticket has ended; otherwise its copies get the attempt and the
	// position.
	Gone       bool  `json:"gone,omitempty"`
	Attempt    int   `json:"attempt,omitempty"`
	EnqueuedAt int64 `json:"enqueuedAt,omitempty"`
}

// ended returns the round's record after its end.
func (r Round) ended(e ending) Round {
	r.Done, r.Handing = &e, true
	r.Profiles, r.Accepted, r.Attempts = nil, nil, nil
	return r
}

// Side is one team of a round.
type Side struct {
	Name    string       `json:"name"`
	Tickets []string     `json:"tickets"`
	Players []SidePlayer `json:"players"`
}

// SidePlayer is a player of a team, with the player's ticket.
type SidePlayer struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Ticket string `json:"ticket"`
}

// NewRound makes a round of a proposal; ticket returns the proposal's tickets by id. match
// is the match that the round fills; "" for a new match.
func NewRound(q Queue, id string, p matching.Proposal, match string, ticket func(id string) Ticket, now time.Time) Round {
	r := Round{
		ID: id, Queue: q.Name, Region: p.Region, Backfill: p.Backfill, Match: match, MadeAt: ms(now),
		Accepted: map[string]bool{}, Attempts: map[string]int{},
	}
	for _, id := range p.Tickets() {
		if n := ticket(id).Attempt; n > 0 {
			r.Attempts[id] = n
		}
	}
	if q.Backfill {
		r.Profiles = map[string]Profile{}
		for _, id := range p.Tickets() {
			r.Profiles[id] = ticket(id).Profile
		}
	}
	for _, side := range p.Teams {
		team := Side{Name: side.Name, Tickets: side.Tickets}
		for _, id := range side.Tickets {
			for _, player := range ticket(id).Players {
				team.Players = append(team.Players, SidePlayer{ID: player.ID, Name: player.Name, Ticket: id})
			}
		}
		r.Teams = append(r.Teams, team)
	}
	if q.ReadyCheck.Enabled {
		r.Deadline = ms(now.Add(q.ReadyCheck.Timeout))
		return r
	}
	return r.hand(q, now)
}

// hand begins the hand-off.
func (r Round) hand(q Queue, now time.Time) Round {
	r.Handing, r.Deadline = true, ms(now.Add(q.Handoff.Timeout))
	return r
}

// players returns all players.
func (r Round) players() []SidePlayer {
	var all []SidePlayer
	for _, side := range r.Teams {
		all = append(all, side.Players...)
	}
	return all
}

// tickets returns all tickets of the round.
func (r Round) tickets() []string {
	var all []string
	for _, side := range r.Teams {
		all = append(all, side.Tickets...)
	}
	return all
}

func (r Round) has(userID string) bool {
	return slices.ContainsFunc(r.players(), func(p SidePlayer) bool { return p.ID == userID })
}

// missing returns the players who have not accepted.
func (r Round) missing() []string {
	var ids []string
	for _, p := range r.players() {
		if !r.Accepted[p.ID] {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// open refuses an answer of a user who has no proposal in this round, or after its end.
func (r Round) open(userID string, now time.Time) error {
	switch {
	case !r.has(userID):
		return noProposal()
	case r.Handing || r.Deadline <= ms(now):
		return wire.Precondition(wire.ReasonProposalClosed, "this proposal is closed")
	}
	return nil
}

func noProposal() error { return wire.Refuse(wire.CodeNotFound, "there is no such proposal") }

// Accept records that a player accepts. After the last player the hand-off begins.
func (r Round) Accept(q Queue, userID string, now time.Time) (Round, error) {
	if r.has(userID) && r.Accepted[userID] {
		return r, nil
	}
	if err := r.open(userID, now); err != nil {
		return r, err
	}
	r.Accepted = maps.Clone(r.Accepted)
	if r.Accepted == nil {
		r.Accepted = map[string]bool{}
	}
	r.Accepted[userID] = true
	if len(r.missing()) == 0 {
		r = r.hand(q, now)
	}
	return r, nil
}

// proposal returns the push of the proposal for a ticket.
func (r Round) proposal(ticket string) wire.MMProposal {
	return wire.MMProposal{
		ProposalID: r.ID, Queue: r.Queue, TicketID: ticket,
		Players: len(r.players()), Accepted: len(r.Accepted), DeadlineAt: r.Deadline, Backfill: r.Backfill != "",
	}
}

// matched returns the push of the place for a ticket.
func (r Round) matched(ticket string, p Place) wire.MMMatched {
	m := wire.MMMatched{
		MatchID: cmp.Or(r.Match, r.ID), Queue: r.Queue, TicketID: ticket, Teams: p.Teams, Backfill: r.Backfill != "",
		Region: r.Region, Handoff: p.MMHandoff,
	}
	if m.Teams != nil {
		return m
	}
	for _, side := range r.Teams {
		team := wire.MMMatchTeam{Name: side.Name, Players: []string{}}
		for _, p := range side.Players {
			team.Players = append(team.Players, p.ID)
		}
		m.Teams = append(m.Teams, team)
	}
	return m
}

// news is a push to some players of a ticket.
type news struct {
	matched wire.MMMatched
	users   []string
}

// news returns one push for all players of a ticket, or one for each player when they have
// their own tokens.
func (r Round) news(ticket string, place Place) []news {
	all := r.playersOf(ticket)
	if len(place.Tokens) == 0 {
		return []news{{r.matched(ticket, place), all}}
	}
	var each []news
	for _, user := range all {
		own := place
		if token, has := place.Tokens[user]; has {
			own.Token = token
		}
		each = append(each, news{r.matched(ticket, own), []string{user}})
	}
	return each
}

// returned returns a ticket that searches again after a failed round; false when the policy
// removes it.
func (t Ticket) returned(how Requeue, now time.Time) (Ticket, bool) {
	t.Round = ""
	t.Attempt++
	if how == EndOfQueue {
		t.EnqueuedAt = ms(now)
	}
	return t, how != LeaveQueue
}
