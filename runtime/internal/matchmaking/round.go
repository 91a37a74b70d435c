package matchmaking

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Round is a match from when it is found to when its players know where to play.
type Round struct {
	ID    string `json:"id"`
	Queue string `json:"queue"`
	Teams []Side `json:"teams"`
	// Region is where it shall run; "" for nowhere in particular.
	Region string `json:"region,omitempty"`
	// Backfill is the lobby whose open places it fills, and Match the match that runs
	// there; "" for a new match, which the round's id names.
	Backfill string `json:"backfill,omitempty"`
	Match    string `json:"match,omitempty"`
	// Profiles are what the tickets were matched by, by ticket, where places that become
	// free can be filled.
	Profiles map[string]Profile `json:"profiles,omitempty"`
	// Attempts are those of the tickets, by ticket.
	Attempts map[string]int `json:"attempts,omitempty"`
	// Accepted are the players who said that they are there.
	Accepted map[string]bool `json:"accepted,omitempty"`
	// Deadline is until when they may say so, and, once all have or nobody is asked,
	// until when the place has to be made.
	Deadline int64 `json:"deadline"`
	// Handing says that nobody is asked any more, and the place is being made.
	Handing bool  `json:"handing,omitempty"`
	MadeAt  int64 `json:"madeAt"`
	// Done is set when the round has ended and its players are still claimed.
	Done *ending `json:"done,omitempty"`
}

// ending is what is left to do after a round: the other copies of its tickets and, after
// a match, the other tickets of its players.
type ending struct {
	// At is when it ended; Assigned says that the players were matched.
	At       int64 `json:"at"`
	Assigned bool  `json:"assigned,omitempty"`
	// Tickets are those of the round that search several queues.
	Tickets []endedTicket `json:"tickets,omitempty"`
}

// endedTicket is a ticket in several queues after a round.
type endedTicket struct {
	ID     string   `json:"id"`
	Queues []string `json:"queues"`
	// Gone says that the ticket is over; otherwise its copies get the attempt and the place.
	Gone       bool  `json:"gone,omitempty"`
	Attempt    int   `json:"attempt,omitempty"`
	EnqueuedAt int64 `json:"enqueuedAt,omitempty"`
}

// ended is the round's record after its end.
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

// SidePlayer is one player of a team, with the ticket it came by.
type SidePlayer struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Ticket string `json:"ticket"`
}

// NewRound makes a round of a proposal, with the tickets that ticket finds. Match is the
// match that it fills, if it does.
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

// hand begins the handing over.
func (r Round) hand(q Queue, now time.Time) Round {
	r.Handing, r.Deadline = true, ms(now.Add(q.Handoff.Timeout))
	return r
}

// players are all who play.
func (r Round) players() []SidePlayer {
	var all []SidePlayer
	for _, side := range r.Teams {
		all = append(all, side.Players...)
	}
	return all
}

// tickets are all that it took.
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

// missing are the players who have not accepted.
func (r Round) missing() []string {
	var ids []string
	for _, p := range r.players() {
		if !r.Accepted[p.ID] {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// open refuses answers to what is not asked, or not any more.
func (r Round) open(userID string, now time.Time) error {
	switch {
	case !r.has(userID):
		return noProposal()
	case r.Handing || r.Deadline <= ms(now):
		return wire.Precondition(wire.ReasonProposalClosed, "this proposal is not open any more")
	}
	return nil
}

func noProposal() error { return wire.Refuse(wire.CodeNotFound, "there is no such proposal") }

// Accept says that a player is there. When it was the last, the match is handed over.
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

// proposal is the question to a player of a ticket.
func (r Round) proposal(ticket string) wire.MMProposal {
	return wire.MMProposal{
		ProposalID: r.ID, Queue: r.Queue, TicketID: ticket,
		Players: len(r.players()), Accepted: len(r.Accepted), DeadlineAt: r.Deadline, Backfill: r.Backfill != "",
	}
}

// matched is the news of where to play.
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

// news is what some players of a ticket are told.
type news struct {
	matched wire.MMMatched
	users   []string
}

// news is one message for all players of a ticket, or one each where they have tokens
// of their own.
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

// returned is a ticket that searches on after a round that came to nothing; false
// when it does not.
func (t Ticket) returned(how Requeue, now time.Time) (Ticket, bool) {
	t.Round = ""
	t.Attempt++
	if how == EndOfQueue {
		t.EnqueuedAt = ms(now)
	}
	return t, how != LeaveQueue
}
