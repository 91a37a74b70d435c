package audit

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
)

func init() {
	maps.Copy(acts, map[string]func(*user, *device, plan.Step) bool{
		"mm:enqueue": enqueue,
		"mm:cancel":  cancelTicket,
		"mm:accept":  answerProposal(wire.EventMMAccept),
		"mm:decline": answerProposal(wire.EventMMDecline),
		"mm:status": func(u *user, d *device, s plan.Step) bool {
			u.ask(d, wire.EventMMStatus, m{}, false, s.Repeat)
			return true
		},
	})
}

// enqueue queues the user, or its party, after the user has left the lobby of its last
// match.
func enqueue(u *user, d *device, s plan.Step) bool {
	for _, l := range u.views() {
		if l.Type == "match" && s.Pick[2] < 0.8 {
			u.ask(d, wire.EventLobbyLeave, m{"lobbyId": l.ID}, true, "")
			u.forget(l.ID)
		}
	}
	body := m{"queue": []string{"duel", "ranked"}[int(2*s.Pick[0])]}
	if s.Pick[1] < 0.3 {
		u.inParty(func(p wire.Party) {
			if p.LeaderID == u.name {
				body["partyId"], body["queue"] = p.ID, "ranked"
			}
		})
	}
	u.ask(d, wire.EventMMEnqueue, body, true, s.Repeat)
	return true
}

func cancelTicket(u *user, d *device, s plan.Step) bool {
	u.mu.Lock()
	var live []string
	for _, id := range slices.Sorted(maps.Keys(u.tickets)) {
		if t := u.tickets[id]; t.State == wire.TicketSearching || t.State == wire.TicketProposed {
			live = append(live, id)
		}
	}
	u.mu.Unlock()
	id, ok := choose(live, s.Pick[0])
	if ok {
		u.ask(d, wire.EventMMCancel, m{"ticketId": id}, true, s.Repeat)
	}
	return ok
}

// answerProposal answers the newest proposal, each at most once with each event.
func answerProposal(event string) func(*user, *device, plan.Step) bool {
	return func(u *user, d *device, s plan.Step) bool {
		u.mu.Lock()
		var open []string
		for _, id := range slices.Sorted(maps.Keys(u.proposals)) {
			if u.proposals[id] {
				open = append(open, id)
			}
		}
		if len(open) > 0 {
			u.proposals[open[len(open)-1]] = false
		}
		u.mu.Unlock()
		if len(open) == 0 {
			return enqueue(u, d, s)
		}
		u.ask(d, event, m{"proposalId": open[len(open)-1]}, true, s.Repeat)
		return true
	}
}

// get returns a value inside an outcome's data, by its path.
func (o outcome) get(path ...string) any {
	var v any
	_ = json.Unmarshal(o.data, &v) // without data the result is nil
	for _, step := range path {
		object, _ := v.(map[string]any)
		v = object[step]
	}
	return v
}

func (o outcome) text(path ...string) string { return text(o.get(path...)) }

func (o outcome) number(path ...string) float64 {
	n, _ := o.get(path...).(float64)
	return n
}
