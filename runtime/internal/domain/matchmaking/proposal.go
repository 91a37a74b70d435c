package matchmaking

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Proposal is a match from its proposal until its players know where to play. It is proposed
// until all players have accepted, and then in its hand-off.
type Proposal struct {
	ID    string `json:"id"`
	Queue string `json:"queue"`
	Teams []Team `json:"teams"`
	// Region is the region where the match shall run; "" for none.
	Region string `json:"region,omitempty"`
	// Backfill is the lobby whose open places the proposal fills, and Match the match that
	// runs there; "" for a new match, whose id is the proposal's.
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
	// InHandoff says that the hand-off has begun.
	InHandoff bool  `json:"handing,omitempty"`
	MadeAt    int64 `json:"madeAt"`
	// Ended is set when the proposal has ended and its players are still claimed.
	Ended *sideEffects `json:"done,omitempty"`
}

// Team is one team of a proposal.
type Team struct {
	Name    string       `json:"name"`
	Tickets []string     `json:"tickets"`
	Players []TeamPlayer `json:"players"`
}

// TeamPlayer is a player of a team, with the player's ticket.
type TeamPlayer struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Ticket string `json:"ticket"`
}

// NewProposal makes a proposal of a proposal; ticket returns the proposal's tickets by id. match
// is the match that the proposal fills; "" for a new match.
func NewProposal(q Queue, id string, p matching.Candidate, match string, ticket func(id string) Ticket, now time.Time) Proposal {
	r := Proposal{
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
		team := Team{Name: side.Name, Tickets: side.Tickets}
		for _, id := range side.Tickets {
			for _, player := range ticket(id).Players {
				team.Players = append(team.Players, TeamPlayer{ID: player.ID, Name: player.Name, Ticket: id})
			}
		}
		r.Teams = append(r.Teams, team)
	}
	if q.ReadyCheck.Enabled {
		r.Deadline = ms(now.Add(q.ReadyCheck.Timeout))
		return r
	}
	return r.startHandoff(q, now)
}

// startHandoff begins the hand-off.
func (p Proposal) startHandoff(q Queue, now time.Time) Proposal {
	p.InHandoff, p.Deadline = true, ms(now.Add(q.Handoff.Timeout))
	return p
}

// players returns all players.
func (p Proposal) players() []TeamPlayer {
	var all []TeamPlayer
	for _, side := range p.Teams {
		all = append(all, side.Players...)
	}
	return all
}

func (p Proposal) playersOf(ticket string) []string {
	var ids []string
	for _, player := range p.players() {
		if player.Ticket == ticket {
			ids = append(ids, player.ID)
		}
	}
	return ids
}

// ticketIDs returns all tickets of the proposal.
func (p Proposal) ticketIDs() []string {
	var all []string
	for _, side := range p.Teams {
		all = append(all, side.Tickets...)
	}
	return all
}

// userIDs returns the distinct user ids of the players.
func (p Proposal) userIDs() []string {
	var ids []string
	for _, player := range p.players() {
		ids = append(ids, player.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (p Proposal) hasPlayer(userID string) bool {
	return slices.ContainsFunc(p.players(), func(player TeamPlayer) bool { return player.ID == userID })
}

// pendingPlayers returns the players who have not accepted.
func (p Proposal) pendingPlayers() []string {
	var ids []string
	for _, player := range p.players() {
		if !p.Accepted[player.ID] {
			ids = append(ids, player.ID)
		}
	}
	return ids
}

// checkOpen refuses an answer of a user who has no proposal in this proposal, or after its end.
func (p Proposal) checkOpen(userID string, now time.Time) error {
	switch {
	case !p.hasPlayer(userID):
		return proposalNotFound()
	case p.InHandoff || p.Deadline <= ms(now):
		return wire.Precondition(wire.ReasonProposalClosed, "this proposal is closed")
	}
	return nil
}

// Accept records that a player accepts. After the last player the hand-off begins.
func (p Proposal) Accept(q Queue, userID string, now time.Time) (Proposal, error) {
	if p.hasPlayer(userID) && p.Accepted[userID] {
		return p, nil
	}
	if err := p.checkOpen(userID, now); err != nil {
		return p, err
	}
	p.Accepted = maps.Clone(p.Accepted)
	if p.Accepted == nil {
		p.Accepted = map[string]bool{}
	}
	p.Accepted[userID] = true
	if len(p.pendingPlayers()) == 0 {
		p = p.startHandoff(q, now)
	}
	return p, nil
}

func proposalNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such proposal") }

// proposalView returns the push of the proposal for a ticket.
func (p Proposal) proposalView(ticket string) wire.MMProposal {
	return wire.MMProposal{
		ProposalID: p.ID, Queue: p.Queue, TicketID: ticket,
		Players: len(p.players()), Accepted: len(p.Accepted), DeadlineAt: p.Deadline, Backfill: p.Backfill != "",
	}
}

// matchedView returns the push of the place for a ticket.
func (p Proposal) matchedView(ticket string, place Place) wire.MMMatched {
	m := wire.MMMatched{
		MatchID: cmp.Or(p.Match, p.ID), Queue: p.Queue, TicketID: ticket, Teams: place.Teams, Backfill: p.Backfill != "",
		Region: p.Region, Handoff: place.MMHandoff,
	}
	if m.Teams != nil {
		return m
	}
	for _, side := range p.Teams {
		team := wire.MMMatchTeam{Name: side.Name, Players: []string{}}
		for _, player := range side.Players {
			team.Players = append(team.Players, player.ID)
		}
		m.Teams = append(m.Teams, team)
	}
	return m
}

// matchedPush is a push to some players of a ticket.
type matchedPush struct {
	matched wire.MMMatched
	userIDs []string
}

// matchedPushes returns one push for all players of a ticket, or one for each player when they have
// their own tokens.
func (p Proposal) matchedPushes(ticket string, place Place) []matchedPush {
	all := p.playersOf(ticket)
	if len(place.Tokens) == 0 {
		return []matchedPush{{p.matchedView(ticket, place), all}}
	}
	var each []matchedPush
	for _, user := range all {
		own := place
		if token, has := place.Tokens[user]; has {
			own.Token = token
		}
		each = append(each, matchedPush{p.matchedView(ticket, own), []string{user}})
	}
	return each
}
