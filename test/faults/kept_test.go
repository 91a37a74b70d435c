//go:build faults

package faults

import (
	"regexp"
	"testing"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/redistest"
)

// kept are the states that Redis keeps for users. Each sets a state and returns a
// function that reads it from outside; the result must be the same after a restart of
// Redis without loss.
var kept = map[string]func(r *round) (read func() ack){
	"read mark": func(r *round) func() ack {
		channel, _ := r.chat()
		said := r.ann.must(0, "chat:send", object{"channel": channel, "text": "two"})
		r.bob.must(0, "chat:read", object{"channel": channel, "seq": said.place().Seq})
		return func() ack { return r.bob.must(1, "chat:join", object{"channel": channel}) }
	},
	"read mark as others see it": func(r *round) func() ack {
		channel, from := r.chat()
		r.bob.must(0, "chat:read", object{"channel": channel, "seq": from.Seq})
		return func() ack { return r.ann.must(1, "chat:join", object{"channel": channel}) }
	},
	"reply, edit and reaction": func(r *round) func() ack {
		channel, from := r.chat()
		said := r.bob.must(0, "chat:send", object{"channel": channel, "text": "two", "replyTo": from.Seq})
		r.bob.must(0, "chat:edit", object{"channel": channel, "seq": said.place().Seq, "text": "three"})
		r.ann.must(0, "chat:react", object{"channel": channel, "seq": said.place().Seq, "reaction": "+1"})
		return func() ack { return r.ann.must(1, "chat:history", object{"channel": channel}) }
	},
	"mute": func(r *round) func() ack {
		channel, _ := r.chat()
		r.ann.must(0, "chat:mute", object{"channel": channel, "userId": r.bob.name, "forMs": 3_600_000})
		return func() ack { return r.refused(r.bob, "chat:send", object{"channel": channel, "text": "x"}) }
	},
	"ban": func(r *round) func() ack {
		lobby, _ := r.lobby(r.ann)
		r.ann.must(0, "lobby:ban", object{"lobbyId": lobby, "userId": r.bob.name})
		return func() ack { return r.refused(r.bob, "lobby:join", object{"lobbyId": lobby}) }
	},
	"lobby": func(r *round) func() ack {
		lobby, _ := r.lobby(r.ann)
		return func() ack { return r.ann.must(0, "lobby:get", object{"lobbyId": lobby}) }
	},
	"lobbies of the user": func(r *round) func() ack {
		r.lobby(r.ann)
		return func() ack { return r.ann.must(0, "lobby:mine", object{}) }
	},
	"party": func(r *round) func() ack {
		r.party(r.ann)
		return func() ack { return r.ann.must(0, "party:get", object{}) }
	},
	"inbox and badge": func(r *round) func() ack {
		lobby, _ := r.lobby(r.bob)
		r.bob.must(0, "lobby:invite", object{"lobbyId": lobby, "userId": r.ann.name})
		r.ann.must(0, "notify:read", object{"ids": []string{r.note(r.ann)}})
		return func() ack { return r.ann.must(1, "notify:list", object{}) }
	},
	"topics": func(r *round) func() ack {
		r.ann.must(0, "notify:subscribe", object{"topics": []string{"news"}})
		return func() ack { return r.ann.must(1, "notify:unsubscribe", object{"topics": []string{"none"}}) }
	},
	"presence": func(r *round) func() ack {
		r.ann.must(0, "presence:set", object{"text": "here"})
		return func() ack { return r.bob.must(1, "presence:get", object{"userIds": []string{r.ann.name}}) }
	},
	"ticket": func(r *round) func() ack {
		r.ann.must(0, "mm:enqueue", r.enqueue("asked"))
		return func() ack { return r.ann.must(1, "mm:status", object{}) }
	},
	"answer of a key": func(r *round) func() ack {
		channel, _ := r.chat()
		request := object{"channel": channel, "text": "once", "key": "k-" + r.name}
		r.bob.must(0, "chat:send", request)
		return func() ack { return r.bob.must(1, "chat:send", request) }
	},
}

// refused sends a request that must be refused definitely.
func (r *round) refused(by *user, event string, body object) ack {
	a := by.settle(1, event, body)
	if a.OK {
		r.fail("%s of %s: got an answer, want a refusal", event, by.name)
	}
	return a
}

// passing matches the parts of an answer that a restart or the time may change: epochs,
// estimates and remaining times.
var passing = regexp.MustCompile(`"(epoch|estimateMs|RetryAfterMs|retryAfterMs|until)":("[^"]*"|\d+),?`)

func lasting(a ack) string { return passing.ReplaceAllString(a.String(), "") }

// wantKept reads all states, stops and restarts Redis, and reads them again.
func wantKept(t *testing.T, k *keys, away func()) {
	t.Helper()
	var all []*round
	for state := range kept {
		all = append(all, k.round(state))
	}
	reads, before := make(map[*round]*func() ack), make(map[*round]*string)
	for _, r := range all {
		reads[r], before[r] = new(func() ack), new(string)
	}
	each(all, func(r *round) {
		*reads[r] = kept[r.event](r)
		(*reads[r])()
		*before[r] = lasting((*reads[r])())
	})
	away()
	k.fleet.AwaitReady(patience)
	each(all, func(r *round) {
		after := ""
		for deadline := time.Now().Add(settleFor); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			if after = lasting((*reads[r])()); after == *before[r] {
				return
			}
		}
		r.fail("before: %s\nafter:  %s", *before[r], after)
	})
	wantNone(t, all)
}

// TestStatesSurviveARestart kills a Redis that keeps every write, twice, and restarts it.
func TestStatesSurviveARestart(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.AppendOnly())
	k := &keys{t: t}
	k.start(func(int) configv1.Redis { return standalone(redis) })
	wantKept(t, k, func() {
		for range 2 {
			redis.Kill()
			redis.Restart()
			k.fleet.AwaitReady(patience)
		}
	})
}

// TestStatesSurviveAFailover kills a primary whose replica has all acknowledged data.
func TestStatesSurviveAFailover(t *testing.T) {
	t.Parallel()
	redis := redistest.StartSentinel(t, 3*time.Second)
	k := &keys{t: t}
	k.start(func(int) configv1.Redis {
		return configv1.Redis{Topology: configv1.RedisSentinel, Addresses: redis.Addrs(), MasterName: redistest.MasterName}
	})
	wantKept(t, k, func() {
		old := redis.Primary()
		redis.AwaitInStep()
		old.Kill()
		redis.AwaitNewPrimary(old)
	})
}
