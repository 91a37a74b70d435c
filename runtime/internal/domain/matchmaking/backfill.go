package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Backfill is a match's request for players in the open places of its lobby.
type Backfill struct {
	LobbyID string `json:"lobbyId"`
	// OpenAt is the time since which places are open; 0 while none is.
	OpenAt    int64 `json:"openAt,omitempty"`
	ExpiresAt int64 `json:"expiresAt"`
	// Proposal is the proposal that fills places of the lobby; "" for none. At most one does at a
	// time.
	Proposal string `json:"round,omitempty"`
	// Stopped says that the backfill ends with that proposal.
	Stopped bool `json:"stopped,omitempty"`
}

// maxBackfills bounds the backfills of a queue.
const maxBackfills = 1000

// MatchLobby is the lobby of a match.
type MatchLobby struct {
	LobbyID, HostID string
	// Queue is the queue that made the match, Match the match's id, and Region the region
	// where it runs.
	Queue, Match, Region string
	// Players are all players of the match, by user.
	Players map[string]LobbyPlayer
	// Left is the number of further players for which the lobby has room.
	Left int
	// Barred are users who may not join the present players.
	Barred []string
}

// LobbyPlayer is a player of a match. Profile is nil for a player who did not come from the
// queue.
type LobbyPlayer struct {
	// Team is the index of the player's team in the queue; -1 for none.
	Team    int
	Profile *Profile
}

// open returns the free places by team, and their total.
func (r MatchLobby) openPlaces(q Queue) (free map[string]int, all int) {
	has := map[int]int{}
	for _, p := range r.Players {
		has[p.Team]++
	}
	free = map[string]int{}
	for i, t := range q.Match.Teams {
		free[t.Name] = max(t.Max-has[i], 0)
		all += free[t.Name]
	}
	// The lobby may have room for fewer players: the teams with the most free places lose
	// places.
	for ; all > max(r.Left, 0); all-- {
		fullest := slices.MinFunc(q.Match.Teams, func(a, b matching.Team) int { return free[b.Name] - free[a.Name] })
		free[fullest.Name]--
	}
	return free, all
}

// commonProfile returns the common profile of the players, as for a ticket: the mean of their
// numbers, the intersection of their sets, the highest of their latencies, and their texts,
// "" where they differ.
func (r MatchLobby) commonProfile() Profile {
	p := Profile{Numbers: map[string]float64{}, Texts: map[string]string{}, Sets: map[string][]string{}, Latencies: map[string]float64{}}
	n := 0.0
	for _, id := range slices.Sorted(maps.Keys(r.Players)) {
		player := r.Players[id].Profile
		if player == nil {
			continue
		}
		if n++; n == 1 {
			p = player.clone()
			continue
		}
		for name, v := range p.Numbers {
			p.Numbers[name] += (player.Numbers[name] - v) / n
		}
		for name, v := range p.Texts {
			if player.Texts[name] != v {
				p.Texts[name] = ""
			}
		}
		for name, set := range p.Sets {
			p.Sets[name] = slices.DeleteFunc(set, func(m string) bool { return !slices.Contains(player.Sets[name], m) })
		}
		for region, v := range p.Latencies {
			if other, known := player.Latencies[region]; known {
				p.Latencies[region] = max(v, other)
			} else {
				delete(p.Latencies, region)
			}
		}
	}
	return p
}

func (p Profile) clone() Profile {
	sets := map[string][]string{}
	for name, set := range p.Sets {
		sets[name] = slices.Clone(set)
	}
	return Profile{Numbers: maps.Clone(p.Numbers), Texts: maps.Clone(p.Texts), Sets: sets, Latencies: maps.Clone(p.Latencies)}
}

// forMatching returns the room as input of the matcher.
func (r MatchLobby) forMatching(b Backfill, free map[string]int, barred map[string]bool) matching.Backfill {
	p := r.commonProfile()
	return matching.Backfill{
		Ticket: matching.Ticket{
			ID: b.LobbyID, EnqueuedAt: time.UnixMilli(b.OpenAt),
			Numbers: p.Numbers, Texts: p.Texts, Sets: p.Sets, Latencies: p.Latencies,
		},
		Open: free, Region: r.Region, Barred: barred,
	}
}

// Backfill starts or stops the backfill of a match; only the match's host may ask.
func (s *Service) Backfill(ctx context.Context, c request.Call, req *wire.MMBackfill) (wire.MMBackfillState, error) {
	lobby, err := s.Handoffs.Lobby(ctx, req.LobbyID, c.ID)
	if err != nil {
		return wire.MMBackfillState{}, err
	}
	q, known := s.Queues.Queue(lobby.Queue)
	switch {
	case lobby.HostID != c.ID:
		return wire.MMBackfillState{}, wire.Precondition(wire.ReasonNotHost, "only the host may do this")
	case !known || !q.Backfill:
		return wire.MMBackfillState{}, wire.Refuse(wire.CodePermissionDenied, "the queue of this match fills no open places")
	}
	_, open := lobby.openPlaces(q)
	state := wire.MMBackfillState{LobbyID: req.LobbyID, Queue: q.Name, Open: open}
	if !req.Stop {
		state.ExpiresAt = ms(s.Now().Add(q.TicketTTL))
	}
	return state, s.commit(ctx, func() (records.Step, []outboxMessage, error) {
		b, raw, err := s.readBackfill(ctx, q.Name, req.LobbyID)
		if err != nil || raw == nil && req.Stop {
			return records.Step{}, nil, err
		}
		b.LobbyID, b.Stopped = req.LobbyID, req.Stop
		if !req.Stop {
			b.ExpiresAt = state.ExpiresAt
		}
		change, err := b.change(raw, s.Now())
		return records.Step{
			Changes: []records.Change{change}, Bounds: []records.Bound{{Table: backfills, Most: maxBackfills}},
		}, nil, err
	}, q.Name)
}

func (s *Service) readBackfill(ctx context.Context, queue, lobbyID string) (b Backfill, raw []byte, err error) {
	found, err := s.Records.Get(ctx, partition(queue), backfills, lobbyID)
	if err != nil {
		return Backfill{}, nil, err
	}
	return b, found[lobbyID], decode(found[lobbyID], &b)
}

// change writes a backfill, or deletes it when it is over and no proposal needs it.
func (b Backfill) change(was []byte, now time.Time) (records.Change, error) {
	c := records.Change{Table: backfills, Key: b.LobbyID, Was: was}
	if b.Proposal == "" && (b.Stopped || b.ExpiresAt <= ms(now)) {
		return c, nil
	}
	var err error
	if c.Value, err = json.Marshal(b); err != nil {
		err = fmt.Errorf("encode a backfill: %w", err)
	}
	return c, err
}

// release frees the backfill of an ended proposal for another proposal.
func (s *Service) releaseBackfill(ctx context.Context, step *records.Step, r Proposal) error {
	if r.Backfill == "" {
		return nil
	}
	b, raw, err := s.readBackfill(ctx, r.Queue, r.Backfill)
	if err != nil || raw == nil || b.Proposal != r.ID {
		return err
	}
	b.Proposal = ""
	change, err := b.change(raw, s.Now())
	step.Changes = append(step.Changes, change)
	return err
}

// vacancy is a backfill with open places for which no proposal exists.
type vacancy struct {
	Backfill
	raw   []byte
	lobby MatchLobby
	free  map[string]int
}

// openBackfills reads the backfills and returns those with open places. It deletes backfills that
// are over.
func (m *Matcher) openBackfills(ctx context.Context, state *queueState, q Queue) (map[string]vacancy, error) {
	open, err := m.s.Records.All(ctx, partition(state.name), backfills)
	if err != nil {
		return nil, err
	}
	found := make([]vacancy, len(open))
	err = forEach(open, func(i int, record records.Record) error {
		v := vacancy{raw: record.Value}
		if err := decode(record.Value, &v.Backfill); err != nil || v.Proposal != "" {
			return err
		}
		err := m.refreshBackfill(ctx, state, q, &v)
		if err == nil && v.OpenAt > 0 {
			found[i] = v
		}
		return err
	})
	vacancies := map[string]vacancy{}
	for _, v := range found {
		if v.OpenAt > 0 {
			vacancies[v.LobbyID] = v
		}
	}
	return vacancies, err
}

// refreshBackfill reads the room of a backfill and updates OpenAt, which is 0 when no place is open or
// the backfill is over.
func (m *Matcher) refreshBackfill(ctx context.Context, state *queueState, q Queue, v *vacancy) error {
	var err error
	open := 0
	if v.ExpiresAt > ms(m.s.Now()) {
		v.lobby, err = m.s.Handoffs.Lobby(ctx, v.LobbyID, "")
		var refusal *wire.Error
		if errors.As(err, &refusal) {
			v.Stopped = true // the lobby is closed
		} else if err != nil {
			return err
		}
		v.free, open = v.lobby.openPlaces(q)
	}
	was := v.OpenAt
	switch {
	case !q.Backfill:
		v.Stopped = true
	case open == 0 || !v.lobby.commonProfile().fits(q):
		v.OpenAt = 0
	case v.OpenAt == 0:
		v.OpenAt = ms(m.s.Now())
	}
	change, err := v.change(v.raw, m.s.Now())
	if err != nil || change.Value != nil && v.OpenAt == was {
		return err
	}
	if change.Value == nil {
		v.OpenAt = 0
	}
	err = m.s.Records.Apply(ctx, partition(state.name), records.Step{Fence: state.fence, Changes: []records.Change{change}})
	var conflict *records.ConflictError
	if errors.As(err, &conflict) {
		v.OpenAt = 0 // the host has changed the backfill: next pass
		return nil
	}
	v.raw = change.Value
	return err
}

// matchingBackfills converts vacancies to the matcher's input. It bars the tickets of users who play
// there or may not join.
func (state *queueState) matchingBackfills(vacancies map[string]vacancy) []matching.Backfill {
	if len(vacancies) == 0 {
		return nil
	}
	all := make([]matching.Backfill, 0, len(vacancies))
	for _, v := range vacancies {
		barred := map[string]bool{}
		for _, user := range slices.AppendSeq(slices.Clone(v.lobby.Barred), maps.Keys(v.lobby.Players)) {
			for _, id := range state.ticketsByPlayer[user] {
				barred[id] = true
			}
		}
		all = append(all, v.lobby.forMatching(v.Backfill, v.free, barred))
	}
	return all
}

// reserve adds to a proposal's step that the proposal fills this vacancy.
func (v vacancy) reserve(step *records.Step, proposalID string) error {
	v.Proposal = proposalID
	value, err := json.Marshal(v.Backfill)
	if err != nil {
		return fmt.Errorf("encode a backfill: %w", err)
	}
	step.Changes = append(step.Changes, records.Change{Table: backfills, Key: v.LobbyID, Was: v.raw, Value: value})
	return nil
}
