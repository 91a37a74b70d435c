package lobby

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Many users at once, over two pods and one store.
func TestPropertyOfConcurrentCommands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rulestest.DrawPolicy(rt)
		p.Join.MaxPerUser = 5
		w := newWorld(t, func(q *rules.Policy) { *q = p })
		host := w.connect("u/0", "u/0-1", 0)
		l := host.create()
		scripts := make([][]rulestest.Step, 6)
		for i := range scripts {
			scripts[i] = rapid.SliceOfN(rulestest.DrawStep(6), 1, 10).Draw(rt, fmt.Sprint("script ", i))
		}
		var all sync.WaitGroup
		faults := make(chan error, 1000)
		for i, script := range scripts {
			all.Add(1)
			go func() {
				defer all.Done()
				for n, s := range script {
					if err := send(s, w, l.ID, i%2, fmt.Sprint(i, "-", n)); err != nil && !isRefusal(err) {
						faults <- fmt.Errorf("%+v: %w", s, err)
					}
				}
			}()
		}
		all.Wait()
		close(faults)
		for err := range faults {
			rt.Fatal(err)
		}
		final := w.doc(l.ID)
		rulestest.CheckLog(rt, w.log(StreamID(l.ID)), final)
		for _, r := range w.log(StreamID(l.ID)) {
			if strings.Contains(string(r.Data), "$2a$") {
				rt.Fatalf("a hash was published: %s", r.Data)
			}
		}
		if !final.Closed() {
			checkEnrolled(rt, w, final)
		}
	})
}

// checkEnrolled: every member can be found by its sessions.
func checkEnrolled(t rapid.TB, w *world, l rules.Lobby) {
	for id := range l.Members {
		ids, err := w.memory.List(w.Context(), lobbiesOf(id))
		if err != nil || len(ids) != 1 {
			t.Fatalf("%s is in the lobby but enrolled in %v, %v", id, ids, err)
		}
	}
}

// send carries a step out as a request to a pod.
func send(s rulestest.Step, w *world, id string, pod int, key string) error {
	c := w.connect(s.User, fmt.Sprint(s.User, "-", s.Session), pod)
	ctx, call := w.Context(), c.keyed(key)
	team, size, name, password := fmt.Sprint(s.N), s.N, fmt.Sprint("n", s.N), "swordfish"
	update := func(set wire.LobbySet) error {
		_, err := c.h.Update(ctx, call, &wire.LobbyUpdate{LobbyID: id, Set: &set})
		return err
	}
	var err error
	switch s.Kind {
	case "join":
		_, err = c.h.Join(ctx, call, &wire.LobbyJoin{LobbyID: id, Password: password})
	case "spectate":
		_, err = c.h.Join(ctx, call, &wire.LobbyJoin{LobbyID: id, Password: password, As: wire.RoleSpectator})
	case "leave":
		_, err = c.h.Leave(ctx, call, &wire.LobbyLeave{LobbyID: id})
	case "ready":
		_, err = c.h.Ready(ctx, call, &wire.LobbyReady{LobbyID: id, Ready: s.Flag})
	case "team":
		_, err = c.h.SetMember(ctx, call, &wire.LobbySetMember{LobbyID: id, UserID: s.Other, Team: &team})
	case "hero":
		_, err = c.h.SetMember(ctx, call, &wire.LobbySetMember{LobbyID: id, Attributes: wire.Attributes{"hero": name}})
	case "name":
		err = update(wire.LobbySet{Name: &name})
	case "size":
		err = update(wire.LobbySet{MaxMembers: &size})
	case "lock":
		err = update(wire.LobbySet{Locked: &s.Flag})
	case "password":
		err = update(wire.LobbySet{Password: &password})
	case "map":
		err = update(wire.LobbySet{Attributes: wire.Attributes{"rounds": float64(s.N)}})
	case "kick":
		_, err = c.h.Kick(ctx, call, &wire.LobbyKick{LobbyID: id, UserID: s.Other})
	case "transfer":
		_, err = c.h.TransferHost(ctx, call, &wire.LobbyTransferHost{LobbyID: id, UserID: s.Other})
	case "start":
		_, err = c.h.Start(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "cancel":
		_, err = c.h.CancelStart(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "report":
		_, err = c.h.service.ReportMatch(ctx, "", rules.Report{MatchID: fmt.Sprintf("%s.%d", id, s.N), Ended: true})
	case "ban":
		_, err = c.h.Ban(ctx, call, &wire.LobbyBan{LobbyID: id, UserID: s.Other})
	case "unban":
		_, err = c.h.Unban(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "vote":
		_, err = c.h.VoteKick(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "invite", "come":
		_, err = c.h.Invite(ctx, call, &wire.LobbyMemberRef{LobbyID: id, UserID: s.Other})
	case "ask":
		_, err = c.h.RequestJoin(ctx, call, &wire.LobbyRequestJoin{LobbyID: id})
	case "answer":
		_, err = c.h.RespondJoin(ctx, call, &wire.LobbyRespondJoin{LobbyID: id, UserID: s.Other, Accept: s.Flag})
	case "code":
		_, err = c.h.RegenerateCode(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "close":
		_, err = c.h.Close(ctx, call, &wire.LobbyRef{LobbyID: id})
	case "disconnect":
		err = c.h.service.SessionClosed(ctx, c.call.Caller, nil)
	case "reconnect":
		err = c.h.service.SessionOpened(ctx, c.call.Caller)
	default:
		w.mu.Lock()
		w.now = w.now.Add(s.Pass)
		w.mu.Unlock()
		_, err = c.h.service.OnDeadline(ctx, StreamID(id))
	}
	return err
}
