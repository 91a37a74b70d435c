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

// TopicDeliveryKind is the kind of the streams of topic deliveries.
const TopicDeliveryKind = "notifyfan"

const (
	// topicShards is the number of sets for a topic's subscribers, with subscribersPerShard
	// each.
	topicShards         = 16
	subscribersPerShard = 1024
	// parallelDeliveries bounds the concurrent deliveries of a notification.
	parallelDeliveries = 16
	// deliveryStep is the approximate time for which one deadline continues a delivery.
	deliveryStep = 3 * time.Second
)

// topicDelivery is the delivery of a notification to all subscribers of a topic. The handler of
// each deadline continues where the previous handler stopped. The notification has the same id
// for all subscribers, so each subscriber is notified once.
type topicDelivery struct {
	Notification Notification `json:"notification"`
	// Shard is the next set of subscribers.
	Shard int `json:"shard"`
}

func (s *Service) newTopicDeliveries() *document.Repository[topicDelivery] {
	return document.New(document.Type[topicDelivery]{
		Name: TopicDeliveryKind,
		At:   func(f topicDelivery, _ stream.Snapshot) topicDelivery { return f },
		NextDeadline: func(f topicDelivery, now time.Time) (time.Time, bool) {
			if f.Shard > 0 { // the running handler continues, for longer than it may take
				now = now.Add(2 * deliveryStep)
			}
			return now, f.Shard < topicShards
		},
		Retain: func(topicDelivery) stream.Retention {
			return stream.Retention{LogSize: 1, LogTTL: s.HistoryTTL, TTL: max(s.HistoryTTL, time.Hour)}
		},
	}, s.Store, s.Deadlines, s.Now)
}

// NotifyTopic notifies all subscribers of n.Topic within seconds, from any pod. It returns the
// notification's id, the same for all subscribers. A repeat with the same Key returns the same
// id and notifies nobody again.
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

// OnDeliveryDeadline continues the delivery of a notification to a topic, at a deadline.
func (s *Service) OnDeliveryDeadline(ctx context.Context, id stream.ID) (time.Time, error) {
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

// deliverShard notifies the subscribers in one set, and removes users who have unsubscribed.
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

// Subscribe subscribes a user to topics. It adds the user to the subscribers before the commit
// to the inbox, so that no subscriber misses a notification. It adds the user again after the
// commit, because a delivery may have removed the user in between.
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

// addSubscriber adds a user to the subscribers of topics.
func (s *Service) addSubscriber(ctx context.Context, userID string, topics []string) error {
	for _, topic := range topics {
		in, err := s.Sets.Add(ctx, topicSet(topic, shardOf(userID)), userID, subscribersPerShard, topicsTTL)
		if err != nil {
			return fmt.Errorf("add a subscriber: %w", err)
		}
		if !in {
			return wire.Exhausted("", "the topic "+topic+" takes no more subscribers")
		}
	}
	return nil
}

// removeSubscriber removes a user who is not subscribed to a topic from its subscribers. If the
// user has subscribed meanwhile, the user is added again, here or by that request.
func (s *Service) removeSubscriber(ctx context.Context, userID, topic string) error {
	if err := s.Sets.Remove(ctx, topicSet(topic, shardOf(userID)), userID); err != nil {
		return fmt.Errorf("remove a subscriber: %w", err)
	}
	b, err := s.load(ctx, userID)
	if err != nil || !b.Subscribed(topic) {
		return err
	}
	return s.addSubscriber(ctx, userID, []string{topic})
}

// Unsubscribe removes topics of a user.
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
