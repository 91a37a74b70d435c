package matchmaking

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Parties reads parties; *party.Service implements it.
type Parties interface {
	Member(ctx context.Context, partyID, userID string) (partyrules.Party, error)
}

// Handoffs make the places of matches.
type Handoffs interface {
	// Place makes the place of a proposal. It is idempotent: a second call for a proposal returns
	// the same place. For a backfill it adds the players to the lobby; a *wire.Error says
	// that the lobby refuses them.
	Place(ctx context.Context, q Queue, r Proposal) (Place, error)
	// Lobby reads the lobby of a match for a member; userID "" is the matcher. The errors
	// are those of lobbies, and permission_denied for a lobby that no queue made.
	Lobby(ctx context.Context, lobbyID, userID string) (MatchLobby, error)
}

// Place is the place where a match is played.
type Place struct {
	wire.MMHandoff
	// Tokens are tokens of single players, by user id; other players get the handoff's
	// token.
	Tokens map[string]string
	// Teams are all players there by team of the queue; nil when they are the proposal's
	// players.
	Teams []wire.MMMatchTeam
}

// UnplacedError of Handoffs.Place lists the players that the place refuses. Their tickets are
// cancelled, and the other tickets search again.
type UnplacedError struct{ Users []string }

func (e *UnplacedError) Error() string {
	return fmt.Sprintf("the place cannot take %d of the players", len(e.Users))
}

// Ports are the dependencies of a Service.
type Ports struct {
	Records  records.Store
	Store    stream.Store
	Caster   stream.Caster
	Names    stream.Names
	Sets     stream.Sets
	Queues   Queues
	Parties  Parties
	Handoffs Handoffs
	// CheckLobbyLimit, when not nil, returns a *wire.Error for a user who would exceed the
	// limit of lobbies by a match of the queue.
	CheckLobbyLimit func(ctx context.Context, q Queue, userID string) error
	// Events receives the events of the domain; nil for no receiver.
	Events Events
}

// Events are the events of matchmaking for other domains. Calls may be repeated.
type Events interface {
	// Searching reports that users start or stop searching. A failed stop is repeated.
	Searching(ctx context.Context, ticketID string, userIDs []string, searching bool) error
	// Matched reports the place of a match, to notify offline users. A failed call is
	// repeated with the same id.
	Matched(ctx context.Context, id string, userIDs []string, matched wire.MMMatched) error
}

// Settings are the settings of a Service.
type Settings struct {
	// Pod is this process's name as a holder of leases.
	Pod string
	// A user stream keeps HistorySize events, for HistoryTTL after the last.
	HistorySize    int
	HistoryTTL     time.Duration
	IdempotencyTTL time.Duration
	Log            *slog.Logger
	// Now is the clock; nil means the wall clock.
	Now func() time.Time
}
