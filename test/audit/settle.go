package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
)

const (
	// deliveredWithin bounds the delivery of a probe to each device that must receive it.
	deliveredWithin = 15 * time.Second
	// presenceWithin is the promise that presence is correct 20 s after the last fault,
	// with a margin for a busy machine.
	presenceWithin = 25 * time.Second
	// endsWithin bounds the time of tickets after all were cancelled.
	endsWithin = 20 * time.Second
	pollEvery  = 200 * time.Millisecond
)

// settle ends all faults, disconnects the leaving users of the plan, and probes every
// stream.
func (r *run) settle() {
	r.t.Helper()
	for _, way := range r.ways {
		way.Heal()
	}
	r.fleet.AwaitReady(readyWithinFault)
	r.awaitSessions()
	r.trace.Note(trace.Phase, "settle")
	watchers := r.watch()
	healed := time.Now()
	r.leave(func(u *user) bool { return u.plan.Leaves })
	var waiting sync.WaitGroup
	waiting.Go(func() { r.checkPresence(watchers, healed) })
	r.endTickets()
	r.probe()
	waiting.Wait()
}

// stayers returns the users who are still connected.
func (r *run) stayers() []*user {
	return slices.DeleteFunc(slices.Clone(r.users), func(u *user) bool { return u.plan.Leaves })
}

// watch subscribes some devices to the presence of all users.
func (r *run) watch() []*device {
	var names []string
	for _, u := range r.users {
		names = append(names, u.name)
	}
	var watchers []*device
	for _, u := range r.stayers() {
		d := u.devices[0]
		if o := u.ask(d, wire.EventPresenceSubscribe, m{"userIds": names}, false, ""); o.is == trace.OK && o.device == d && len(watchers) < 6 {
			o.presences(func(p wire.Presence) {
				d.mu.Lock()
				d.watched[p.UserID] = p
				d.mu.Unlock()
			})
			watchers = append(watchers, d)
		}
	}
	return watchers
}

func (o outcome) presences(each func(wire.Presence)) {
	var all wire.Presences
	_ = json.Unmarshal(o.data, &all) // without data the list is empty
	for _, p := range all.Presences {
		each(p)
	}
}

// checkPresence waits until all servers have the correct presence of every user, and the
// watchers have received it.
func (r *run) checkPresence(watchers []*device, since time.Time) {
	var wrong []string
	for {
		if wrong = r.wrongPresence(watchers); len(wrong) == 0 {
			return
		}
		if time.Since(since) > presenceWithin {
			break
		}
		time.Sleep(pollEvery)
	}
	for _, w := range wrong {
		r.trace.Add(trace.Record{Kind: trace.Broken, Event: "presence", Text: fmt.Sprintf("%v after the last fault: %s", presenceWithin, w)})
	}
}

func (r *run) wrongPresence(watchers []*device) (wrong []string) {
	var names []string
	for _, u := range r.users {
		names = append(names, u.name)
	}
	for i, d := range watchers {
		if i < 3 {
			o := d.user.ask(d, wire.EventPresenceGet, m{"userIds": names}, false, "")
			o.presences(func(p wire.Presence) {
				if w := r.wrong(p); w != "" {
					wrong = append(wrong, fmt.Sprintf("presence:get of %s: %s", d.user.name, w))
				}
			})
		}
		if s := d.session(); s != nil {
			d.mu.Lock()
			for _, name := range names {
				if w := r.wrong(d.watched[name]); w != "" && name != d.user.name {
					wrong = append(wrong, fmt.Sprintf("presence:update to %s: %s", d.user.name, w))
				}
			}
			d.mu.Unlock()
		}
	}
	return wrong
}

// wrong returns how a presence differs from the correct one.
func (r *run) wrong(p wire.Presence) string {
	i := slices.IndexFunc(r.users, func(u *user) bool { return u.name == p.UserID })
	if i < 0 {
		return ""
	}
	u := r.users[i]
	u.mu.Lock()
	want := u.want
	u.mu.Unlock()
	switch online := p.Status != wire.PresenceOffline; {
	case online && u.plan.Leaves:
		return fmt.Sprintf("%s is %s, who has left", u.name, p.Status)
	case !online && !u.plan.Leaves:
		return u.name + " is offline, who is connected"
	case online && want.certain && p.Text != want.text:
		return fmt.Sprintf("the text of %s is %q, which set %q", u.name, p.Text, want.text)
	}
	return ""
}

// endTickets cancels all tickets and waits until none is left and the users have received
// the ends: the next matcher of a queue may have to publish a match.
func (r *run) endTickets() {
	deadline := time.Now().Add(endsWithin)
	var ending sync.WaitGroup
	for _, u := range r.stayers() {
		ending.Go(func() {
			gone := false
			for time.Now().Before(deadline) {
				o := u.ask(u.devices[0], wire.EventMMStatus, m{}, false, "")
				var status wire.MMStatusList
				_ = json.Unmarshal(o.data, &status) // an unknown status has no tickets
				if gone = o.is == trace.OK && len(status.Tickets) == 0; gone && u.knowsTicketEnds() {
					return
				}
				for _, t := range status.Tickets {
					u.ask(u.devices[0], wire.EventMMCancel, m{"ticketId": t.ID}, true, "")
				}
				time.Sleep(pollEvery)
			}
			if gone {
				return // a check reports the users without news
			}
			r.trace.Add(trace.Record{Kind: trace.Broken, User: u.name, Event: wire.EventMMStatus, Text: fmt.Sprintf("a ticket lives %v after it was cancelled", endsWithin)})
		})
	}
	ending.Wait()
}

// probe is an event that is sent to a stream, and the devices that must receive it.
type probe struct {
	stream string
	at     spot
	// must are the devices that follow the stream when the probe is sent.
	must []*device
}

type spot struct {
	epoch string
	seq   uint64
}

// probe sends an event to every stream that a connected device follows, and waits until
// all of these devices have received it.
func (r *run) probe() {
	r.trace.Note(trace.Phase, "probe")
	followers := make(map[string][]*device)
	for _, u := range r.stayers() {
		for _, d := range u.devices {
			for stream := range d.track.Streams() {
				followers[stream] = append(followers[stream], d)
			}
		}
	}
	var mu sync.Mutex
	var probes []probe
	var sending sync.WaitGroup
	limit := make(chan struct{}, 16)
	for i, stream := range slices.Sorted(maps.Keys(followers)) {
		sending.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			if meta := r.send(stream, followers[stream], i); meta != nil {
				mu.Lock()
				defer mu.Unlock()
				probes = append(probes, probe{stream: stream, at: spot{meta.Epoch, meta.Seq}, must: followers[stream]})
			}
		})
	}
	sending.Wait()
	slices.SortFunc(probes, func(a, b probe) int { return cmp.Compare(a.stream, b.stream) })
	deadline := time.Now().Add(deliveredWithin)
	for _, p := range probes {
		for _, d := range p.must {
			for !p.reached(d) && time.Now().Before(deadline) {
				time.Sleep(pollEvery / 4)
			}
			if !p.reached(d) && r.member(d.user, p.stream) {
				r.trace.Add(trace.Record{
					Kind: trace.Broken, User: d.user.name, Device: d.name, Event: p.stream, Meta: &wire.Meta{Stream: p.stream, Epoch: p.at.epoch, Seq: p.at.seq},
					Text: fmt.Sprintf("member without delivery: the probe with seq %d was not received within %v; the device is at %v", p.at.seq, deliveredWithin, d.track.Streams()[p.stream]),
				})
			}
		}
	}
}

// reached reports whether a device has reached the probe's position, or no longer follows
// the stream.
func (p probe) reached(d *device) bool {
	at, follows := d.track.Streams()[p.stream]
	return !follows || at.Seq >= p.at.seq
}

// send sends a probe to a stream by one of its followers, and returns its position.
func (r *run) send(stream string, followers []*device, n int) *wire.Meta {
	kind, id, _ := strings.Cut(stream, ":")
	if kind == "user" {
		r.api.post(fmt.Sprintf("probe-%s", stream), "/v1/events", m{"target": m{"user": id}, "event": "game:probe", "data": m{"n": n}})
		return r.lastPlace(stream)
	}
	if kind == "broadcast" {
		r.api.post("probe-broadcast", "/v1/events", m{"target": m{"broadcast": true}, "event": "game:probe", "data": m{"n": n}})
		return r.lastPlace(stream)
	}
	for _, d := range followers {
		var o outcome
		switch kind {
		case "chat":
			o = d.user.ask(d, wire.EventChatSend, m{"channel": id, "text": fmt.Sprintf("probe %d of %s", n, d.user.name)}, true, plan.Repeat(""))
		case "lobby":
			o = d.user.ask(d, wire.EventLobbySetMember, m{"lobbyId": id, "attributes": m{"mood": fmt.Sprintf("probe %d", n)}}, true, "")
		case "party":
			o = d.user.ask(d, wire.EventPartySetMember, m{"partyId": id, "attributes": m{"mood": fmt.Sprintf("probe %d", n)}}, true, "")
		default:
			return nil
		}
		if o.is == trace.OK {
			return o.meta
		}
	}
	return nil
}

// lastPlace returns the position in the last answer to the back end's probe of a stream.
func (r *run) lastPlace(stream string) *wire.Meta {
	records := r.trace.Records()
	for _, record := range slices.Backward(records) {
		var at wire.Meta
		if record.Kind == trace.Done && record.User == backendName && json.Unmarshal(record.Data, &at) == nil && at.Stream == stream {
			return &at
		}
	}
	return nil
}

// member reports whether a user may receive a stream now: the server decides for lobbies
// and parties; the other streams are open to the user.
func (r *run) member(u *user, stream string) bool {
	parts := strings.Split(strings.TrimPrefix(stream, "chat:"), ":")
	switch parts[0] {
	case "lobby":
		o := u.ask(u.devices[0], wire.EventLobbyGet, m{"lobbyId": parts[1]}, false, "")
		return o.get("lobby", "members", u.name) != nil
	case "party":
		o := u.ask(u.devices[0], wire.EventPartyGet, m{"partyId": parts[1]}, false, "")
		return o.get("party", "members", u.name) != nil
	}
	return true
}
