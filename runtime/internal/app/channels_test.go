package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestChannelsOfTheirOwn(t *testing.T) {
	access := channels{"direct": directChannel, "topic": topicChannel, "lobby": func(context.Context, request.Caller, string) (chat.Policy, error) {
		return chat.Policy{Enabled: true}, nil
	}}
	for name, tc := range map[string]struct {
		user, channel, scope string
		want                 wire.Code
		peer                 string
		moderator, open      bool
	}{
		"direct, the first":        {user: "ann", channel: "direct:ann:bob", peer: "bob"},
		"direct, the second":       {user: "bob", channel: "direct:ann:bob", peer: "ann"},
		"direct, others'":          {user: "eve", channel: "direct:ann:bob", want: wire.CodeNotFound},
		"direct, in wrong order":   {user: "ann", channel: "direct:bob:ann", want: wire.CodeNotFound},
		"direct, with oneself":     {user: "ann", channel: "direct:ann:ann", want: wire.CodeNotFound},
		"direct, with nobody":      {user: "ann", channel: "direct::ann", want: wire.CodeNotFound},
		"direct, a prefix of one":  {user: "ann", channel: "direct:ann", want: wire.CodeNotFound},
		"direct, ids with a colon": {user: "a:b", channel: "direct:a%3Ab:c", peer: "c"},
		"direct, a colon as it is": {user: "a:b", channel: "direct:a:b:c", want: wire.CodeNotFound},
		"direct, another's colon":  {user: "a%3Ab", channel: "direct:a%3Ab:c", want: wire.CodeNotFound},
		"topic":                    {user: "ann", channel: "topic:news", scope: "chat:topic:news", open: true},
		"any topic":                {user: "ann", channel: "topic:news", scope: "chat:topic:*", open: true},
		"another topic":            {user: "ann", channel: "topic:news", scope: "chat:topic:sport", want: wire.CodePermissionDenied},
		"topic without scope":      {user: "ann", channel: "topic:news", want: wire.CodePermissionDenied},
		"topic of an odd name":     {user: "ann", channel: "topic:a:b", scope: "chat:topic:*", want: wire.CodeNotFound},
		"topic of a long name":     {user: "ann", channel: "topic:" + strings.Repeat("x", 65), scope: "chat:topic:*", want: wire.CodeNotFound},
		"a lobby's":                {user: "ann", channel: "lobby:x"},
		"a lobby's, moderated":     {user: "ann", channel: "lobby:x", scope: "chat:moderate", moderator: true},
		"no kind":                  {user: "ann", channel: "x", want: wire.CodeNotFound},
		"no id":                    {user: "ann", channel: "lobby:", want: wire.CodeNotFound},
		"an unknown kind":          {user: "ann", channel: "user:ann", want: wire.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			caller := request.Caller{User: request.User{ID: tc.user, Scopes: []string{tc.scope}}}
			p, err := access.Channel(t.Context(), caller, tc.channel)
			var refused *wire.Error
			errors.As(err, &refused)
			switch {
			case tc.want != "":
				if refused == nil || refused.Code != tc.want {
					t.Errorf("got %v, want %s", err, tc.want)
				}
			case err != nil || !p.Enabled || p.Peer != tc.peer || p.Moderator != tc.moderator || p.UnknownMembers != tc.open:
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}
