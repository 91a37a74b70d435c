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
func (r Proposal) startHandoff(q Queue, now time.Time) Proposal {
	r.InHandoff, r.Deadline = true, ms(now.Add(q.Handoff.Timeout))
	return r
}

// players returns all players.
func (r Proposal) players() []TeamPlayer {
	var all []TeamPlayer
	for _, side := range r.Teams {
		all = append(all, side.Players...)
	}
	return all
}

func (r Proposal) playersOf(ticket string) []string {
	var ids []string
	for _, p := range r.players() {
		if p.Ticket == ticket {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// ticketIDs returns all tickets of the proposal.
func (r Proposal) ticketIDs() []string {
	var all []string
	for _, side := range r.Teams {
		all = append(all, side.Tickets...)
	}
	return all
}

// userIDs returns the distinct user ids of the players.
func (r Proposal) userIDs() []string {
	var ids []string
	for _, p := range r.players() {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (r Proposal) hasPlayer(userID string) bool {
	return slices.ContainsFunc(r.players(), func(p TeamPlayer) bool { return p.ID == userID })
}

// pendingPlayers returns the players who have not accepted.
func (r Proposal) pendingPlayers() []string {
	var ids []string
	for _, p := range r.players() {
		if !r.Accepted[p.ID] {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// checkOpen refuses an answer of a user who has no proposal in this proposal, or after its end.
func (r Proposal) checkOpen(userID string, now time.Time) error {
	switch {
	case !r.hasPlayer(userID):
		return proposalNotFound()
	case r.InHandoff || r.Deadline <= ms(now):
		return wire.Precondition(wire.ReasonProposalClosed, "this proposal is closed")
	}
	return nil
}

// Accept records that a player accepts. After the last player the hand-off begins.
func (r Proposal) Accept(q Queue, userID string, now time.Time) (Proposal, error) {
	if r.hasPlayer(userID) && r.Accepted[userID] {
		return r, nil
	}
	if err := r.checkOpen(userID, now); err != nil {
		return r, err
	}
	r.Accepted = maps.Clone(r.Accepted)
	if r.Accepted == nil {
		r.Accepted = map[string]bool{}
	}
	r.Accepted[userID] = true
	if len(r.pendingPlayers()) == 0 {
		r = r.startHandoff(q, now)
	}
	return r, nil
}

func proposalNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such proposal") }

// proposalView returns the push of the proposal for a ticket.
func (r Proposal) proposalView(ticket string) wire.MMProposal {
	return wire.MMProposal{
		ProposalID: r.ID, Queue: r.Queue, TicketID: ticket,
		Players: len(r.players()), Accepted: len(r.Accepted), DeadlineAt: r.Deadline, Backfill: r.Backfill != "",
	}
}

// matchedView returns the push of the place for a ticket.
func (r Proposal) matchedView(ticket string, p Place) wire.MMMatched {
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
type matchedPush struct {
	matched wire.MMMatched
	userIDs []string
}

// matchedPushes returns one push for all players of a ticket, or one for each player when they have
// their own tokens.
func (r Proposal) matchedPushes(ticket string, place Place) []matchedPush {
	all := r.playersOf(ticket)
	if len(place.Tokens) == 0 {
		return []matchedPush{{r.matchedView(ticket, place), all}}
	}
	var each []matchedPush
	for _, user := range all {
		own := place
		if token, has := place.Tokens[user]; has {
			own.Token = token
		}
		each = append(each, matchedPush{r.matchedView(ticket, own), []string{user}})
	}
	return each
}
