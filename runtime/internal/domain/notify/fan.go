package notify

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// FanKind is the kind of the streams that hold what is on its way to a topic.
const TopicDeliveryKind = "notifyfan"

const (
	// topicShards spread the subscribers of a topic over sets of shardBound each.
	topicShards         = 16
	subscribersPerShard = 1024
	// parallelDeliveries is how many subscribers are told at the same time.
	parallelDeliveries = 16
	// deliveryStep is about how long one look goes on with a topic.
	deliveryStep = 3 * time.Second
)

// topicDelivery is a notification on its way to all subscribers of a topic. Whoever looks at it
// goes on where the one before stopped; a subscriber is notified once, whatever is
// repeated, because the notification has the same id for all.
type topicDelivery struct {
	Notification Notification `json:"notification"`
	// Shard is the next set of subscribers to be told.
	Shard int `json:"shard"`
}

func (s *Service) newTopicDeliveries() *document.Keeper[topicDelivery] {
	return document.New(document.Kind[topicDelivery]{
		Name: TopicDeliveryKind,
		At:   func(f topicDelivery, _ stream.Snapshot) topicDelivery { return f },
		NextLook: func(f topicDelivery, now time.Time) (time.Time, bool) {
			if f.Shard > 0 { // whoever has begun goes on, for longer than a look may take
				now = now.Add(2 * deliveryStep)
			}
			return now, f.Shard < topicShards
		},
		Retain: func(topicDelivery) stream.Retention {
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: max(s.HistoryTTL, time.Hour)}
		},
	}, s.Store, s.Deadlines, s.Now)
}

// NotifyTopic notifies all who are subscribed to n.Topic, within seconds, by whichever
// pod takes it up. It gives the id that the notification has for all of them; the same
// Key gives the same one, and no second notification.
func (s *Service) NotifyTopic(ctx context.Context, n Notification) (id string, err error) {
	if n.Topic == "" {
		return "", wire.Invalid("topic", "topic is required")
	}
	if err := n.Check(); err != nil {
		return "", err
	}
	if n.ID, err = s.ids.ID(ctx, idSpace, "topic "+n.Topic, n.Key); err != nil {
		return "", err
	}
	_, err = s.topicDeliveries.Create(ctx, n.ID, nil, topicDelivery{Notification: n}, changedEvents())
	return n.ID, err
}

// LookFan goes on with a notification that is on its way to a topic, for
// stream.Deadlines.
func (s *Service) LookFan(ctx context.Context, id stream.ID) (time.Time, error) {
	f, err := s.topicDeliveries.Load(ctx, id.Name())
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	for began := time.Now(); err == nil && f.Shard < topicShards; {
		if err = s.deliverShard(ctx, f); err != nil {
			break
		}
		done := f.Shard + 1
		out, changeErr := s.topicDeliveries.Change(ctx, id.Name(), nil, func(f topicDelivery) (topicDelivery, []stream.Event, error) {
			if f.Shard >= done {
				return f, nil, nil
			}
			f.Shard = done
			return f, changedEvents(), nil
		})
		f, err = out.State, changeErr
		if err == nil && f.Shard < topicShards && time.Since(began) > deliveryStep {
			return s.Now(), nil
		}
	}
	return time.Time{}, err
}

// deliverShard notifies the subscribers in one set; one who does not hear the topic any
// more is taken out of it.
func (s *Service) deliverShard(ctx context.Context, f topicDelivery) error {
	topic := f.Notification.Topic
	set := topicSet(topic, f.Shard)
	users, err := s.Sets.List(ctx, set)
	if err != nil {
		return fmt.Errorf("list the subscribers of a topic: %w", err)
	}
	var (
		working sync.WaitGroup
		mu      sync.Mutex
		errs    []error
		places  = make(chan struct{}, parallelDeliveries)
	)
	for _, user := range users {
		places <- struct{}{}
		working.Go(func() {
			defer func() { <-places }()
			subscribed, err := s.addNotification(ctx, user, f.Notification, true)
			if err == nil && !subscribed {
				err = s.removeSubscriber(ctx, user, topic)
			}
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

// Subscribe subscribes a user to topics. A user is entered with each topic before it
// hears it, so that nobody who hears one is missed; and once more when it hears it, since
// who found that it does not may have struck it off.
func (s *Service) Subscribe(ctx context.Context, userID string, once *stream.Once, topics []string) (Inbox, error) {
	b, err := s.load(ctx, userID)
	if err != nil {
		return Inbox{}, err
	}
	if _, _, err := b.Subscribe(topics, s.Now()); err != nil {
		return Inbox{}, err
	}
	if err := s.addSubscriber(ctx, userID, topics); err != nil {
		return Inbox{}, err
	}
	b, err = s.change(ctx, userID, once, func(b Inbox) (Inbox, bool, error) { return b.Subscribe(topics, s.Now()) })
	if err != nil {
		return Inbox{}, err
	}
	return b, s.addSubscriber(ctx, userID, topics)
}

// addSubscriber puts a user among the subscribers of topics.
func (s *Service) addSubscriber(ctx context.Context, userID string, topics []string) error {
	for _, topic := range topics {
		in, err := s.Sets.Add(ctx, topicSet(topic, shardOf(userID)), userID, subscribersPerShard, topicsTTL)
		if err != nil {
			return fmt.Errorf("enter a subscriber: %w", err)
		}
		if !in {
			return wire.Exhausted("", "the topic "+topic+" takes no more subscribers")
		}
	}
	return nil
}

// removeSubscriber takes a user who does not hear a topic out of its subscribers. One who has
// subscribed meanwhile is entered again, by this or by its own request.
func (s *Service) removeSubscriber(ctx context.Context, userID, topic string) error {
	if err := s.Sets.Remove(ctx, topicSet(topic, shardOf(userID)), userID); err != nil {
		return fmt.Errorf("strike a subscriber: %w", err)
	}
	b, err := s.load(ctx, userID)
	if err != nil || !b.Subscribed(topic) {
		return err
	}
	return s.addSubscriber(ctx, userID, []string{topic})
}

// Unsubscribe takes a user's topics away.
func (s *Service) Unsubscribe(ctx context.Context, userID string, once *stream.Once, topics []string) (Inbox, error) {
	b, err := s.change(ctx, userID, once, func(b Inbox) (Inbox, bool, error) { return infallible(b.Unsubscribe(topics, s.Now())) })
	if err != nil {
		return Inbox{}, err
	}
	for _, topic := range topics {
		if b.Subscribed(topic) || !ValidTopic(topic) {
			continue
		}
		if err := s.removeSubscriber(ctx, userID, topic); err != nil {
			return Inbox{}, err
		}
	}
	return b, nil
}

func topicSet(topic string, shard int) string { return fmt.Sprintf("topic:%d:%s", shard, topic) }

func shardOf(userID string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(userID)) // never fails
	return int(h.Sum32() % topicShards)
}
