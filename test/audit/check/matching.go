package check

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// news are the pushes about tickets on a user's stream, in the order of the stream.
type news struct {
	trace.Record
	ticket  string
	state   wire.TicketState // of mm:ticket
	attempt int
}

// newsOf returns each user's news about tickets, from all devices together.
func (h History) newsOf() map[string][]news {
	type at struct {
		user string
		seq  uint64
	}
	seen := make(map[at]bool)
	all := make(map[string][]news)
	for _, r := range h {
		if r.Kind != trace.Push || r.Meta == nil || r.Meta.Stream != "user:"+r.User || seen[at{r.User, r.Meta.Seq}] {
			continue
		}
		var v struct {
			TicketID string
			Ticket   *wire.MMTicket
		}
		switch r.Event {
		case wire.EventMMTicket, wire.EventMMProposal, wire.EventMMMatched, wire.EventMMCancelled:
		default:
			continue
		}
		if json.Unmarshal(r.Data, &v) != nil {
			continue
		}
		seen[at{r.User, r.Meta.Seq}] = true
		n := news{Record: r, ticket: v.TicketID}
		if v.Ticket != nil {
			n.ticket, n.state, n.attempt = v.Ticket.ID, v.Ticket.State, v.Ticket.Attempt
		}
		all[r.User] = append(all[r.User], n)
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b news) int { return cmp.Compare(a.Meta.Seq, b.Meta.Seq) })
	}
	return all
}

// over reports whether the news end the ticket.
func (n news) over() bool {
	switch n.Event {
	case wire.EventMMMatched:
		return true
	case wire.EventMMCancelled:
		var v wire.MMCancelled
		_ = json.Unmarshal(n.Data, &v) // already decoded
		return !v.Requeued
	}
	return ended(n.state)
}

func ended(s wire.TicketState) bool {
	return s == wire.TicketAssigned || s == wire.TicketCanceled || s == wire.TicketExpired
}

// tickets reports news of a ticket in an order that contradicts its states.
func tickets(h History, report reporter) {
	for user, all := range h.newsOf() {
		last := make(map[string]news)
		for _, n := range all {
			was, known := last[n.ticket]
			switch {
			case known && was.over() && !n.over():
				report([]int{was.N, n.N}, "%s received %s %s of ticket %s (seq %d) after its end, %s %s (seq %d)", user, n.Event, n.state, n.ticket, n.Meta.Seq, was.Event, was.state, was.Meta.Seq)
			case known && n.Event == wire.EventMMTicket && n.attempt < was.attempt:
				report([]int{was.N, n.N}, "%s received attempt %d of ticket %s (seq %d) after attempt %d (seq %d)", user, n.attempt, n.ticket, n.Meta.Seq, was.attempt, was.Meta.Seq)
			}
			if n.Event != wire.EventMMTicket {
				n.attempt = was.attempt
			}
			if !was.over() || !known {
				last[n.ticket] = n
			}
		}
	}
}

// endsReported reports ended tickets with a connected player who did not receive the end.
func endsReported(h History, report reporter) {
	live := make(map[string]bool)
	stays := make(map[string]bool)
	for _, r := range h.final() {
		if r.Event != wire.EventMMStatus || r.Outcome != trace.OK {
			continue
		}
		stays[r.User] = true
		var status wire.MMStatusList
		_ = json.Unmarshal(r.Data, &status) // an empty status has no tickets
		for _, t := range status.Tickets {
			live[t.ID] = true
		}
	}
	knows := make(map[string]bool)
	for user, all := range h.newsOf() {
		for _, n := range all {
			if n.over() {
				knows[user+" "+n.ticket] = true
			}
		}
	}
	for _, r := range h {
		var v wire.MMTicketState
		if r.Kind != trace.Ack || r.Event != wire.EventMMEnqueue || json.Unmarshal(r.Data, &v) != nil || live[v.Ticket.ID] {
			continue
		}
		for _, player := range v.Ticket.Players {
			if stays[player] && !knows[player+" "+v.Ticket.ID] {
				report([]int{r.N}, "the ticket %s of %v has ended, and %s did not receive its end", v.Ticket.ID, v.Ticket.Players, player)
			}
		}
	}
}

// players reports matches with a duplicate player, and users with two matches at once:
// the ticket of the second match was queued before the first match was made.
func players(h History, report reporter) {
	enqueued := make(map[string]int64)
	for _, r := range h {
		var v struct{ Ticket *wire.MMTicket }
		if r.Kind != trace.Ack && r.Event != wire.EventMMTicket || json.Unmarshal(r.Data, &v) != nil || v.Ticket == nil {
			continue
		}
		enqueued[v.Ticket.ID] = v.Ticket.EnqueuedAt
	}
	type match struct {
		id, ticket string
		at         int64
		record     int
	}
	of := make(map[string]map[string]match)
	for user, all := range h.newsOf() {
		for _, n := range all {
			var v wire.MMMatched
			if n.Event != wire.EventMMMatched || json.Unmarshal(n.Data, &v) != nil {
				continue
			}
			times := make(map[string]int)
			for _, team := range v.Teams {
				for _, p := range team.Players {
					if times[p]++; times[p] == 2 {
						report([]int{n.N}, "%s is twice in the match %s", p, v.MatchID)
					}
				}
			}
			if of[user] == nil {
				of[user] = make(map[string]match)
			}
			of[user][v.MatchID] = match{v.MatchID, v.TicketID, ulidTime(v.MatchID), n.N}
		}
	}
	for user, matches := range of {
		all := slices.SortedFunc(maps.Values(matches), func(a, b match) int { return cmp.Compare(a.at, b.at) })
		for i := range all {
			for _, second := range all[i+1:] {
				if at := enqueued[second.ticket]; at > 0 && all[i].at > 0 && at < all[i].at {
					report([]int{all[i].record, second.record}, "%s is in the matches %s and %s: the ticket %s of the second was queued when the first was made", user, all[i].id, second.id, second.ticket)
				}
			}
		}
	}
}

// ulidTime returns the time of a ULID, in milliseconds; 0 for any other text.
func ulidTime(id string) (ms int64) {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	if len(id) != 26 {
		return 0
	}
	for _, c := range id[:10] {
		d := slices.Index([]rune(digits), c)
		if d < 0 {
			return 0
		}
		ms = ms<<5 | int64(d)
	}
	return ms
}
