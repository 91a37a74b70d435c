package matchmaking

import (
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
)

// AttributeType is the type of a ticket's attribute.
type AttributeType string

// The types of attributes.
const (
	Number    AttributeType = "Number"
	Text      AttributeType = "String"
	Boolean   AttributeType = "Boolean"
	StringSet AttributeType = "StringSet"
)

// Attribute is a value of a ticket that rules may use.
type Attribute struct {
	Name string
	Type AttributeType
	// FromToken reads the value from the claim of this name in a player's token; clients
	// cannot set it.
	FromToken bool
	// Default is the value of tickets without one, as a string; nil refuses such tickets.
	Default *string
}

// Requeue is the policy for the tickets whose players accepted when other players did not.
type Requeue string

// The policies for such tickets.
const (
	KeepPosition Requeue = "KeepPosition"
	EndOfQueue   Requeue = "EndOfQueue"
	LeaveQueue   Requeue = "Leave"
)

// ReadyCheck asks the players to accept before a match is made.
type ReadyCheck struct {
	Enabled  bool
	Timeout  time.Duration
	Cooldown time.Duration
	Requeue  Requeue
}

// Handoff is the configuration of a hand-off.
type Handoff struct {
	// LobbyType is the type of the lobby to create; "" for a hand-off by webhook or Agones.
	LobbyType string
	// URL is the service that provides the place. SecretFile is the name of the file with
	// the key that signs the calls; "" for none.
	URL, SecretFile string
	// Agones says that the service is Agones' allocator, with its own API.
	Agones bool
	// Timeout bounds the hand-off; after it the tickets search again.
	Timeout time.Duration
}

// Population is the precision of the number of waiting tickets that clients see.
type Population string

// The precisions of that number.
const (
	PopulationNone  Population = "None"
	PopulationBand  Population = "Band"
	PopulationExact Population = "Exact"
)

// Queue is the configuration of a MatchmakingQueue resource.
type Queue struct {
	Name     string
	Revision string
	// Match is the shape of a match.
	Match      matching.Queue
	PartyMax   int
	Attributes []Attribute
	// Interval is the time between two runs of the matcher.
	Interval   time.Duration
	TicketTTL  time.Duration
	ReadyCheck ReadyCheck
	Handoff    Handoff
	// Backfill allows hosts to ask for players in open places.
	Backfill   bool
	Estimate   bool
	Population Population
	// TicketsPerUser and MaxTickets bound the queue.
	TicketsPerUser int
	MaxTickets     int
}

// largestTeam returns the number of players of the largest team.
func (q Queue) largestTeam() int {
	most := 0
	for _, t := range q.Match.Teams {
		most = max(most, t.Max)
	}
	return most
}

// maxParty returns the size of the largest party that may enqueue.
func (q Queue) maxParty() int {
	if q.PartyMax > 0 {
		return min(q.PartyMax, q.largestTeam())
	}
	return q.largestTeam()
}

// Queues are the configured queues. They may change at any time.
type Queues interface {
	Queue(name string) (Queue, bool)
	// Queues returns all queues, sorted by name.
	Queues() []Queue
}

// population returns the number of waiting tickets, or a band of how many matches they
// fill.
func population(q Queue, n int) any {
	if q.Population == PopulationExact {
		return n
	}
	places := 0
	for _, t := range q.Match.Teams {
		places += t.Max
	}
	switch {
	case n < 2*places:
		return "low"
	case n < 10*places:
		return "medium"
	}
	return "high"
}
