package notify

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxTopics bounds the topics of a user.
const maxTopics = 64

var topicPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)

const topicRule = "a topic begins with a letter or digit and has up to 64 letters, digits and . _ : -"

// ValidTopic reports whether a string is a valid topic name.
func ValidTopic(topic string) bool { return topicPattern.MatchString(topic) }

// Subscribe adds topics.
func (b Inbox) Subscribe(topics []string, now time.Time) (Inbox, bool, error) {
	e := b.edit(now)
	for i, topic := range topics {
		switch {
		case !ValidTopic(topic):
			return b, false, wire.Invalid(fmt.Sprintf("topics[%d]", i), topicRule)
		case slices.Contains(e.Topics, topic):
		case len(e.Topics) == maxTopics:
			return b, false, wire.Already(wire.CodeResourceExhausted, wire.ReasonTopicLimit, fmt.Sprintf("a user may have %d topics", maxTopics), b.Topics...)
		default:
			e.Topics = append(e.Topics, topic)
			e.changed = true
		}
	}
	slices.Sort(e.Topics)
	next, changed := e.finish()
	return next, changed, nil
}

// Unsubscribe removes topics; it ignores unknown topics.
func (b Inbox) Unsubscribe(topics []string, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	had := len(e.Topics)
	e.Topics = slices.DeleteFunc(e.Topics, func(topic string) bool { return slices.Contains(topics, topic) })
	e.changed = e.changed || len(e.Topics) < had
	return e.finish()
}

// Subscribed reports whether the user is subscribed to a topic.
func (b Inbox) Subscribed(topic string) bool { return slices.Contains(b.Topics, topic) }
