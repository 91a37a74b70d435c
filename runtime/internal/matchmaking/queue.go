package matchmaking

import (
	"time"

	"github.com/anteroom/anteroom/runtime/internal/matchmaking/matching"
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
	// FromToken takes it from the claim of this name in a player's token: a client cannot
	// say it.
	FromToken bool
	// Default is the value of tickets without one, as a string; nil refuses those.
	Default *string
}

// Requeue is what happens to those who accepted when others did not.
type Requeue string

// What happens to them.
const (
	KeepPosition Requeue = "KeepPosition"
	EndOfQueue   Requeue = "EndOfQueue"
	LeaveQueue   Requeue = "Leave"
)

// ReadyCheck asks the players before a match is made.
type ReadyCheck struct {
	Enabled  bool
	Timeout  time.Duration
	Cooldown time.Duration
	Requeue  Requeue
}

// Handoff is where a match goes.
type Handoff struct {
	// LobbyType is the type of the lobby that is made; "" when a service is asked.
	LobbyType string
	// URL is the service that is asked for a place, and SecretFile the name of the file
	// with the key that calls to it are signed with; "" for none.
	URL, SecretFile string
	// Agones says that the service is Agones' allocator, which is asked in its own words.
	Agones bool
	// Timeout is how long the place may take until the tickets search on.
	Timeout time.Duration
}

// Population is how exactly clients may know how many wait.
type Population string

// How exactly they may know.
const (
	PopulationNone  Population = "None"
	PopulationBand  Population = "Band"
	PopulationExact Population = "Exact"
)

// Queue is what a MatchmakingQueue resource lays down.
type Queue struct {
	Name     string
	Revision string
	// Match is what a match looks like.
	Match      matching.Queue
	PartyMax   int
	Attributes []Attribute
	// Interval is between two runs of the matcher.
	Interval   time.Duration
	TicketTTL  time.Duration
	ReadyCheck ReadyCheck
	Handoff    Handoff
	// Backfill lets hosts ask for players in open places.
	Backfill   bool
	Estimate   bool
	Population Population
	// TicketsPerUser and MaxTickets bound the queue.
	TicketsPerUser int
	MaxTickets     int
}

// largest is how many players the largest team has.
func (q Queue) largest() int {
	most := 0
	for _, t := range q.Match.Teams {
		most = max(most, t.Max)
	}
	return most
}

// maxParty is the largest party that may queue.
func (q Queue) maxParty() int {
	if q.PartyMax > 0 {
		return min(q.PartyMax, q.largest())
	}
	return q.largest()
}

// Queues are the queues in force. They may change at any time.
type Queues interface {
	Queue(name string) (Queue, bool)
	// Queues are all, sorted by name.
	Queues() []Queue
}
