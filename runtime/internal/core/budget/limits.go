package budget

import "time"

// Limit is a token bucket: Events at once, refilled evenly within Per. The zero Limit is no
// bound.
type Limit struct {
	Events int
	Per    time.Duration
}

// Name is a budget's name, as metrics and documents have it.
type Name string

// The budgets. Several requests may draw on one.
const (
	Invites  Name = "invites"
	Asks     Name = "asks"
	Answers  Name = "answers"
	Removals Name = "removals"
	Handover Name = "handover"
	Outings  Name = "outings"
	Company  Name = "company"
	Tickets  Name = "tickets"
	Messages Name = "messages"
	Hashes   Name = "hashes"
	// NewDirect counts direct channels that hold no message yet.
	NewDirect Name = "newDirect"
)

// Budget is how much of a kind of acts is allowed: to each actor, to each actor towards one
// target, and towards each target by all actors.
type Budget struct {
	Name                Name
	Actor, Pair, Target Limit
	// Meaning describes in one line the counted acts.
	Meaning string
}

// All are the budgets of acts. Target bounds are several times the pair bounds, so that one
// user cannot use up what others may send to a target.
var All = []Budget{
	{Invites, Limit{60, 2 * time.Minute}, Limit{6, 3 * time.Minute}, Limit{60, 5 * time.Minute}, "invites into lobbies and parties"},
	{Asks, Limit{30, time.Minute}, Limit{}, Limit{}, "requests to be let into a lobby"},
	{Answers, Limit{120, 2 * time.Minute}, Limit{10, time.Minute}, Limit{300, 5 * time.Minute}, "answers to those requests"},
	{Removals, Limit{60, 2 * time.Minute}, Limit{10, time.Minute}, Limit{300, 5 * time.Minute}, "kicks, bans and votes against a player"},
	{Handover, Limit{60, 2 * time.Minute}, Limit{10, time.Minute}, Limit{300, 5 * time.Minute}, "a lobby gets another host, or a party another leader"},
	{Outings, Limit{30, 5 * time.Minute}, Limit{}, Limit{}, "lobbies into which a leader brings a party"},
	{Company, Limit{120, time.Minute}, Limit{}, Limit{}, "joins and leaves, which are pushed on other members' own streams"},
	{Tickets, Limit{60, 4 * time.Minute}, Limit{}, Limit{}, "tickets and answers to proposals, which are pushed to other players"},
	{Messages, Limit{40, 2 * time.Second}, Limit{60, time.Minute}, Limit{600, time.Minute}, "messages over all channels; pair and target count mentions and direct messages"},
	{Hashes, Limit{20, time.Minute}, Limit{}, Limit{}, "passwords that a host gives to lobbies"},
	{NewDirect, Limit{20, time.Minute}, Limit{}, Limit{}, "first messages in direct channels"},
}

func find(name Name) Budget {
	for _, b := range All {
		if b.Name == name {
			return b
		}
	}
	return Budget{Name: name}
}
