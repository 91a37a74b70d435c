package notify

import (
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestTopicScopes(t *testing.T) {
	for _, c := range []struct {
		name    string
		wanted  bool
		scopes  []string
		topics  []string
		refused bool
	}{
		{"off", false, nil, []string{"news"}, false},
		{"no scope", true, nil, []string{"news"}, true},
		{"the topic's scope", true, []string{"notify:topic:news"}, []string{"news"}, false},
		{"another topic's scope", true, []string{"notify:topic:sport"}, []string{"news"}, true},
		{"one of two", true, []string{"notify:topic:news"}, []string{"news", "sport"}, true},
		{"all topics", true, []string{"notify:topic:*"}, []string{"news", "sport"}, false},
		{"a scope of chat", true, []string{"chat:topic:*"}, []string{"news"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.pods[0].TopicScopes = c.wanted
			call := request.Call{Caller: request.Caller{User: request.User{ID: "ann", Scopes: c.scopes}}}
			_, err := NewHandlers(w.pods[0]).Subscribe(t.Context(), call, &wire.NotifyTopics{Topics: c.topics})
			if got := wire.CodeOf(err) == wire.CodePermissionDenied; got != c.refused || err != nil && !got {
				t.Errorf("refused: %v (%v), want %v", got, err, c.refused)
			}
			b, err := w.pods[0].load(t.Context(), "ann")
			if err != nil || (len(b.Topics) > 0) == c.refused {
				t.Errorf("the inbox has %q, %v", b.Topics, err)
			}
		})
	}
}
