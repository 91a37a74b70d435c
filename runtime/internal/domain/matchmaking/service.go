package matchmaking

import (
	"context"
	"log/slog"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Service handles the requests of players. It is safe for concurrent use. It returns
// *wire.Error and the errors of the stores.
type Service struct {
	Ports
	Settings
	index  ticketIndex
	minter ids.Minter
	users  userstream.Publisher
}

// NewService makes a Service.
func NewService(ports Ports, settings Settings) *Service {
	s := &Service{Ports: ports, Settings: settings}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.users = userstream.Publisher{Store: s.Store, HistorySize: s.HistorySize, HistoryTTL: s.HistoryTTL}
	s.index = ticketIndex{sets: s.Sets, read: s.ticket, now: func() time.Time { return s.Now() }}
	s.minter = ids.Minter{Names: s.Names, TTL: s.IdempotencyTTL, Now: s.Now}
	return s
}

// queue returns a queue that a request names.
func (s *Service) queue(name string) (Queue, error) {
	q, known := s.Queues.Queue(name)
	if !known {
		return Queue{}, wire.Refuse(wire.CodeNotFound, "there is no such queue")
	}
	return q, nil
}

// List returns the queues for clients.
func (s *Service) List(ctx context.Context) (wire.MMQueueList, error) {
	list := wire.MMQueueList{Queues: []wire.MMQueue{}}
	for _, q := range s.Queues.Queues() {
		view := wire.MMQueue{Name: q.Name, MaxParty: q.maxParty(), ReadyCheck: q.ReadyCheck.Enabled, Backfill: q.Backfill}
		for _, t := range q.Match.Teams {
			view.Teams = append(view.Teams, wire.MMTeam{Name: t.Name, Min: t.Min, Max: t.Max})
		}
		for _, r := range q.Match.Regions {
			view.Regions = append(view.Regions, r.Name)
		}
		if q.Population != PopulationNone {
			n, err := s.Records.Count(ctx, partition(q.Name), tickets)
			if err != nil {
				return wire.MMQueueList{}, err
			}
			view.Population = population(q, n)
		}
		list.Queues = append(list.Queues, view)
	}
	return list, nil
}
