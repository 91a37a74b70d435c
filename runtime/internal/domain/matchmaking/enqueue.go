package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// ticketSpace is the name space of ticket ids.
const ticketSpace = "mm-ticket"

// Enqueue makes a ticket of the caller, or of the party that it leads.
func (s *Service) Enqueue(ctx context.Context, c request.Call, req *wire.MMEnqueue) (Ticket, error) {
	queues, err := s.requestedQueues(req)
	if err != nil {
		return Ticket{}, err
	}
	for _, q := range queues {
		for _, a := range q.Attributes {
			if _, said := req.Attributes[a.Name]; said && a.FromToken {
				return Ticket{}, wire.Invalid("attributes."+a.Name, "comes from the token: leave it out")
			}
		}
	}
	return s.enqueue(ctx, queues, c, liveness.Through(c.SessionID), nil, req)
}

// EnqueueFor is Enqueue by a back end, for a user with these live sessions. The request may
// set attributes that otherwise come from tokens.
func (s *Service) EnqueueFor(ctx context.Context, c request.Call, live liveness.Live, req *wire.MMEnqueue) (Ticket, error) {
	queues, err := s.requestedQueues(req)
	if err != nil {
		return Ticket{}, err
	}
	return s.enqueue(ctx, queues, c, live, req.Attributes, req)
}

// enqueue makes a ticket. vouched are claims of a back end for all players; they override the
// claims of the players' tokens.
func (s *Service) enqueue(
	ctx context.Context, queues []Queue, c request.Call, live liveness.Live, vouched map[string]any, req *wire.MMEnqueue,
) (Ticket, error) {
	entrants, err := s.readEntrants(ctx, c.Caller, live, req)
	if err != nil {
		return Ticket{}, err
	}
	for i := range entrants {
		entrants[i].Claims = merged(entrants[i].Claims, vouched)
	}
	id, err := s.minter.ID(ctx, ticketSpace, c.ID, c.Key)
	if err != nil {
		return Ticket{}, err
	}
	copies, err := newTickets(queues, id, c.ID, entrants, req, s.Now())
	if err != nil {
		return Ticket{}, err
	}
	t := copies[0]
	if c.Key != "" {
		if repeated, known, err := s.findRepeated(ctx, t.Queue, id); err != nil || known {
			return repeated, errors.Join(err, s.verifyParty(ctx, c, repeated))
		}
	}
	if err := allConnected(t, c.ID); err != nil {
		return Ticket{}, err
	}
	if err := s.checkLobbyLimit(ctx, queues, t, c.ID); err != nil {
		return Ticket{}, err
	}
	if err := s.index.Add(ctx, t); err != nil {
		return s.rollbackEnqueue(ctx, c, t, err)
	}
	if err := s.addCopies(ctx, queues, copies, s.once(c)); err != nil {
		return s.rollbackEnqueue(ctx, c, t, err)
	}
	if err := s.castTicket(ctx, t.View()); err != nil {
		s.Log.WarnContext(ctx, "new ticket not pushed to its players", "queue", t.Queue, "ticket", t.ID, "error", err)
	}
	if err := s.reportSearching(ctx, t); err != nil {
		s.Log.WarnContext(ctx, "searching status not published", "queue", t.Queue, "ticket", t.ID, "error", err)
	}
	if !s.index.withinGracePeriod(t.ID) { // its entries may have been removed as stale before its commit
		if err := s.index.Restore(ctx, t); err != nil {
			return t, err
		}
	}
	return t, s.verifyParty(ctx, c, t)
}

// requestedQueues finds the queues that a request names.
func (s *Service) requestedQueues(req *wire.MMEnqueue) ([]Queue, error) {
	names, field := req.Queues, "queues"
	switch {
	case req.Queue == "" && len(req.Queues) == 0:
		return nil, wire.Invalid("queue", "give queue or queues")
	case req.Queue != "" && len(req.Queues) > 0:
		return nil, wire.Invalid("queues", "give queue or queues, not both")
	case req.Queue != "":
		names, field = []string{req.Queue}, "queue"
	}
	all := make([]Queue, len(names))
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, wire.Invalid(field, "must be distinct")
		}
		var err error
		if all[i], err = s.queue(name); err != nil {
			var refusal *wire.Error
			if errors.As(err, &refusal) && field == "queues" {
				refusal.Field = fmt.Sprintf("queues[%d]", i)
			}
			return nil, err
		}
	}
	return all, nil
}

// readEntrants returns the players that a request enqueues.
func (s *Service) readEntrants(ctx context.Context, c request.Caller, live liveness.Live, req *wire.MMEnqueue) ([]Entrant, error) {
	if req.PartyID == "" {
		return []Entrant{{Player: Player{ID: c.ID, Name: c.Name, Live: live}, Attributes: req.Attributes, Claims: c.Claims}}, nil
	}
	p, err := s.Parties.Member(ctx, req.PartyID, c.ID)
	if err != nil {
		return nil, err
	}
	if p.LeaderID != c.ID {
		return nil, wire.Precondition(wire.ReasonNotLeader, "only the party's leader may queue")
	}
	var all []Entrant
	for _, id := range p.Users() {
		m := p.Members[id]
		all = append(all, Entrant{
			Player:     Player{ID: id, Name: m.Name, Live: m.Live},
			Attributes: merged(req.Attributes, m.Attributes), Claims: m.Claims,
		})
	}
	return all, nil
}

// merged returns a with the values of b, which win.
func merged(a, b map[string]any) map[string]any {
	if len(b) == 0 {
		return a
	}
	all := make(map[string]any, len(a)+len(b))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// allConnected refuses a party with a member that has no connection: a match could be made
// before the member is back.
func allConnected(t Ticket, caller string) error {
	for _, p := range t.Players {
		if p.ID != caller && !p.Connected() {
			return wire.Precondition(wire.ReasonMemberOffline, p.ID+" has no connection").At("partyId")
		}
	}
	return nil
}

// checkLobbyLimit refuses a ticket with a player who may not join another lobby. The refusal
// does not name the lobbies of other party members.
func (s *Service) checkLobbyLimit(ctx context.Context, queues []Queue, t Ticket, caller string) error {
	if s.CheckLobbyLimit == nil {
		return nil
	}
	for _, q := range queues {
		for _, user := range t.Users() {
			err := s.CheckLobbyLimit(ctx, q, user)
			var refusal *wire.Error
			if user != caller && errors.As(err, &refusal) {
				return wire.Precondition(refusal.Reason, "a member of the party may not be in another lobby of this type")
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// findRepeated returns the ticket of a repeated request; false for none.
func (s *Service) findRepeated(ctx context.Context, queue, id string) (Ticket, bool, error) {
	t, known, err := s.ticket(ctx, queue, id)
	if err == nil && known {
		err = s.index.Restore(ctx, t)
	}
	return t, known, err
}

// addCopies puts the copies of a ticket into their queues, the first one last: with it the
// ticket exists. A copy that an earlier attempt of the request has committed stays as it is.
func (s *Service) addCopies(ctx context.Context, queues []Queue, copies []Ticket, once *records.Once) error {
	for i := len(copies) - 1; i > 0; i-- {
		err := s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
			_, there, err := s.ticket(ctx, queues[i].Name, copies[i].ID)
			if err != nil || there {
				return records.Txn{}, nil, err
			}
			return s.enqueueStep(ctx, queues[i], copies[i], nil)
		}, queues[i].Name)
		if err != nil {
			return err
		}
	}
	return s.commit(ctx, func() (records.Txn, []outboxMessage, error) { return s.enqueueStep(ctx, queues[0], copies[0], once) }, queues[0].Name)
}

// enqueueStep builds the step that adds a ticket.
func (s *Service) enqueueStep(ctx context.Context, q Queue, t Ticket, once *records.Once) (records.Txn, []outboxMessage, error) {
	found, err := s.Records.Get(ctx, partition(q.Name), users, t.Users()...)
	if err != nil {
		return records.Txn{}, nil, err
	}
	value, err := json.Marshal(t)
	if err != nil {
		return records.Txn{}, nil, fmt.Errorf("encode a ticket: %w", err)
	}
	step := records.Txn{
		Once:    once,
		Changes: []records.Change{{Table: tickets, Key: t.ID, Value: value}},
		Bounds:  []records.Bound{{Table: tickets, Most: q.MaxTickets}},
	}
	for _, user := range t.Users() {
		var e userRecord
		if err := decode(found[user], &e); err != nil {
			return records.Txn{}, nil, err
		}
		if err := e.checkMayEnqueue(q, user, t.leader(), s.Now()); err != nil {
			return records.Txn{}, nil, err
		}
		e.Tickets = append(e.Tickets, t.ID)
		value, err := e.encode()
		if err != nil {
			return records.Txn{}, nil, err
		}
		step.Changes = append(step.Changes, records.Change{Table: users, Key: user, Was: found[user], Value: value})
	}
	return step, nil, nil
}

// reportSearching publishes that a ticket's players are searching. If the ticket was removed
// concurrently, this event may have overwritten the event of its end, which is sent again.
func (s *Service) reportSearching(ctx context.Context, t Ticket) error {
	if s.Events == nil {
		return nil
	}
	if err := s.Events.Searching(ctx, t.ID, t.Users(), true); err != nil {
		return err
	}
	_, exists, err := s.ticket(ctx, t.Queue, t.ID)
	if err != nil || exists {
		return err
	}
	return s.Events.Searching(ctx, t.ID, t.Users(), false)
}

// verifyParty withdraws a committed ticket if its party has changed since the players were
// read: PartyChanged may have run before the ticket existed.
func (s *Service) verifyParty(ctx context.Context, c request.Call, t Ticket) error {
	if t.PartyID == "" {
		return nil
	}
	if kept, err := s.partyUnchanged(ctx, t); err != nil || kept {
		return err
	}
	return ignoreRefusal(s.withdrawTicket(ctx, t, c.ID, reasonPartyChanged, reasonPartyChanged, records.Txn{}))
}

// rollbackEnqueue removes the copies and the index entries of a ticket that was refused. It
// removes nothing after an error whose outcome is unknown. If a repeat of the request has
// committed the ticket, rollbackEnqueue returns that ticket, or success if it was matched
// since.
func (s *Service) rollbackEnqueue(ctx context.Context, c request.Call, t Ticket, cause error) (Ticket, error) {
	var refusal *wire.Error
	if !errors.As(cause, &refusal) {
		return Ticket{}, cause
	}
	if repeated, known, err := s.findRepeated(ctx, t.Queue, t.ID); err != nil || known {
		return repeated, err
	}
	for _, queue := range t.otherQueues() {
		if _, err := s.dropCopy(ctx, queue, t.ID); err != nil {
			return Ticket{}, errors.Join(cause, err)
		}
	}
	if err := s.index.Remove(ctx, indexEntry{t.homeQueue(), t.ID}, t.Users()); err != nil {
		return Ticket{}, errors.Join(cause, err)
	}
	return t, s.treatRepeatAsSuccess(ctx, c, cause, t.Queue)
}
