package lobby

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestInviteRules(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann", "bob")
	banned := after(t)(l.Ban("ann", "eve", "", t0))
	full := l
	for i := range maxInvites {
		full = after(t)(full.Invite(by("bob"), fmt.Sprint("u", i), fmt.Sprint(i), t0))
	}
	cases := []struct {
		name        string
		in          Lobby
		actor, user string
		at          time.Time
		want        *wire.Error
	}{
		{"by any member", l, "bob", "eve", t0, nil},
		{"by a stranger", l, "eve", "tom", t0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		{"of a member", l, "bob", "ann", t0, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", l.ID).At("userId")},
		{"of a banned user", banned, "bob", "eve", t0, &wire.Error{Code: wire.CodeBanned, Field: "userId"}},
		{"after the ban", banned, "bob", "eve", t0.Add(time.Minute), nil},
		{"too many", full, "bob", "eve", t0, &wire.Error{Code: wire.CodeResourceExhausted}},
		{"again", full, "bob", "u3", t0, nil},
		{"when others have lapsed", full, "bob", "eve", t0.Add(inviteTTL), nil},
		{"closed", after(t)(l.Close("ann", t0)), "bob", "eve", t0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			next, _, err := tc.in.Invite(by(tc.actor), tc.user, "nonce", tc.at)
			wantRefusal(t, err, tc.want)
			if err == nil && next.Invites[tc.user].ExpiresAt != ms(tc.at.Add(inviteTTL)) {
				t.Errorf("invites %+v", next.Invites)
			}
		})
	}
}

func TestComeByInvite(t *testing.T) {
	p := testPolicy()
	l, _, err := Create(p, CreateCommand{
		ID: testID, Host: by("ann"), Visibility: wire.VisibilityPrivate, PasswordHash: hash,
	}, t0)
	if err != nil {
		t.Fatal(err)
	}
	l = after(t)(l.Invite(by("ann"), "bob", "n", t0))
	id := l.Invites["bob"].ID
	expired := &wire.Error{Code: wire.CodeCodeExpired}
	for name, tc := range map[string]struct {
		cmd  JoinCommand
		at   time.Time
		want *wire.Error
	}{
		"by invite, without the password": {JoinCommand{User: by("bob"), Invite: id}, t0, nil},
		"somebody else's":                 {JoinCommand{User: by("eve"), Invite: id}, t0, expired},
		"unknown":                         {JoinCommand{User: by("bob"), Invite: testID + ".x"}, t0, expired},
		"too late":                        {JoinCommand{User: by("bob"), Invite: id}, t0.Add(inviteTTL), expired},
		"without it":                      {JoinCommand{User: by("bob")}, t0, &wire.Error{Code: wire.CodeNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			next, _, err := l.Join(tc.cmd, tc.at)
			wantRefusal(t, err, tc.want)
			if err == nil && len(next.Invites) != 0 {
				t.Errorf("invites left: %v", next.Invites)
			}
		})
	}
	declined := after(t)(l.Decline("bob", id, t0))
	_, _, err = declined.Join(JoinCommand{User: by("bob"), Invite: id}, t0)
	wantRefusal(t, err, expired)
	_, _, err = declined.Decline("bob", id, t0)
	wantRefusal(t, err, expired)
}

func TestRequestRules(t *testing.T) {
	p := testPolicy()
	p.Join.Requests = true
	l := lobbyOf(t, p, "ann", "bob")
	many := l
	for i := range maxRequests {
		many = after(t)(many.RequestJoin(by(fmt.Sprint("u", i)), "", "", t0))
	}
	declined := after(t)(l.RequestJoin(by("eve"), "", "", t0))
	declined = after(t)(declined.RespondJoin(by("ann"), "eve", false, "n", t0))
	none := lobbyOf(t, testPolicy(), "ann")
	for name, tc := range map[string]struct {
		in   Lobby
		user string
		code string
		at   time.Time
		want *wire.Error
	}{
		"ask":            {l, "eve", "", t0, nil},
		"by code":        {l, "eve", "ABC234", t0, nil},
		"by an old code": {l, "eve", "ABC235", t0, &wire.Error{Code: wire.CodeCodeExpired}},
		"a member":       {l, "bob", "", t0, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", l.ID)},
		"not allowed":    {none, "eve", "", t0, &wire.Error{Code: wire.CodePermissionDenied}},
		"too many":       {many, "eve", "", t0, &wire.Error{Code: wire.CodeResourceExhausted}},
		"lapsed ones":    {many, "eve", "", t0.Add(requestTTL), nil},
		"full":           {lobbyOf(t, p, "ann", "bob", "tom", "kim"), "eve", "", t0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"banned":         {after(t)(l.Ban("ann", "eve", "", t0)), "eve", "", t0, &wire.Error{Code: wire.CodeBanned}},
		"after a no":     {declined, "eve", "", t0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonCooldown, RetryAfterMs: requestTTL.Milliseconds()}},
		"later":          {declined, "eve", "", t0.Add(requestTTL), nil},
	} {
		t.Run(name, func(t *testing.T) {
			next, _, err := tc.in.RequestJoin(by(tc.user), tc.code, "please", tc.at)
			wantRefusal(t, err, tc.want)
			if err == nil && next.Requests[tc.user].Message != "please" {
				t.Errorf("requests %+v", next.Requests)
			}
		})
	}
	asked := after(t)(l.RequestJoin(by("eve"), "", "", t0))
	if _, patches, err := asked.RequestJoin(by("eve"), "", "", t0); err != nil || len(patches) > 0 {
		t.Errorf("asked twice: %v", err)
	}
	_, _, err := asked.RespondJoin(by("bob"), "eve", true, "n", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	_, _, err = asked.RespondJoin(by("ann"), "tom", true, "n", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	yes := after(t)(asked.RespondJoin(by("ann"), "eve", true, "n", t0))
	if i := yes.Invites["eve"]; !i.Requested || len(yes.Requests) != 0 {
		t.Errorf("accepted: %+v, %+v", yes.Invites, yes.Requests)
	}
	moved := after(t)(asked.TransferHost("ann", "bob", t0))
	if moved.Requests["eve"].Version != moved.Version {
		t.Errorf("a new host is not told: %+v at %d", moved.Requests, moved.Version)
	}
}

func TestBanRules(t *testing.T) {
	p := testPolicy()
	l := lobbyOf(t, p, "ann", "bob")
	out, patches, err := l.Ban("ann", "bob", "rude", t0)
	if err != nil || out.Has("bob") || out.Departed[0].Reason != ReasonBanned {
		t.Fatalf("%v, %+v", err, out)
	}
	if d := cmp.Diff([]string{"member_banned ann rude"}, causes(patches)); d != "" {
		t.Error(d)
	}
	p.Moderation.BanTTL = 0
	endless := after(t)(lobbyOf(t, p, "ann").Ban("ann", "eve", "", t0))
	_, _, err = endless.Join(JoinCommand{User: by("eve")}, t0.AddDate(10, 0, 0))
	wantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	free := after(t)(endless.Unban("ann", "eve", t0))
	after(t)(free.Join(JoinCommand{User: by("eve")}, t0))
	_, _, err = free.Unban("ann", "eve", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, _, err = l.Ban("bob", "ann", "", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	_, _, err = l.Ban("ann", "ann", "", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
}

func TestVoteKick(t *testing.T) {
	p := testPolicy()
	p.Moderation.VoteKick, p.Moderation.VoteRatio = true, 0.6
	l := lobbyOf(t, p, "ann", "bob", "tom", "kim") // 2 of 3 others
	_, _, err := lobbyOf(t, testPolicy(), "ann", "bob").VoteKick("bob", "ann", 0, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
	_, _, err = l.VoteKick("bob", "bob", 0, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
	_, _, err = l.VoteKick("bob", "eve", 0, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	one := after(t)(l.VoteKick("bob", "ann", 0, t0))
	if d := cmp.Diff(map[string]int{"ann": 1}, one.View().Votes); d != "" {
		t.Error(d)
	}
	if _, patches, _ := one.VoteKick("bob", "ann", 0, t0); len(patches) > 0 {
		t.Error("a user votes twice")
	}
	out, patches, _ := one.VoteKick("tom", "ann", 0, t0)
	want := []string{"voted tom ", "host_migrated ann kicked", "member_voted_out ann "}
	if d := cmp.Diff(want, causes(patches)); d != "" || out.HostID != "bob" || out.Has("ann") || len(out.Votes) != 0 {
		t.Errorf("%s, host %s", d, out.HostID)
	}
	_, _, err = out.Join(JoinCommand{User: by("ann")}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	gone := after(t)(one.Leave(Actor{ID: "bob"}, 0, t0))
	if len(gone.Votes) != 0 {
		t.Errorf("who left still votes: %v", gone.Votes)
	}
	lapsed, patches, _ := one.Tick(0, t0.Add(voteTTL))
	if d := cmp.Diff([]string{"updated  vote_lapsed"}, causes(patches)); d != "" || len(lapsed.Votes) != 0 {
		t.Error(d)
	}
	p.Size.Max, p.Moderation.VoteRatio = 20, 1
	users := make([]string, maxVotes+2)
	for i := range users {
		users[i] = fmt.Sprint("u", i)
	}
	big := lobbyOf(t, p, users...)
	for _, target := range users[1 : maxVotes+1] {
		big = after(t)(big.VoteKick("u0", target, 0, t0))
	}
	_, _, err = big.VoteKick("u0", users[maxVotes+1], 0, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
}

func TestRegenerateCode(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	reply, err := ann.h.RegenerateCode(t.Context(), ann.keyed("c"), &wire.LobbyRef{LobbyID: l.ID})
	if err != nil {
		t.Fatal(err)
	}
	code := reply.Data.(wire.LobbyCode).Code
	again, err := ann.h.RegenerateCode(t.Context(), ann.keyed("c"), &wire.LobbyRef{LobbyID: l.ID})
	if err != nil || again.Data.(wire.LobbyCode) != reply.Data.(wire.LobbyCode) {
		t.Errorf("the same key gives %+v, %v", again, err)
	}
	_, err = ann.h.RegenerateCode(t.Context(), ann.call, &wire.LobbyRef{LobbyID: l.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: codeAgain.Milliseconds() + 1})
	_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: l.Code})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	_, err = bob.h.RegenerateCode(t.Context(), bob.call, &wire.LobbyRef{LobbyID: l.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	w.state(bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: code}))
}

// told are the events on a user's own stream.
func (w *world) told(user string) []string {
	w.Helper()
	var all []string
	for _, r := range w.log(userStreamOf(user)) {
		all = append(all, r.Name)
	}
	return all
}

// The flow of a request, with the process dying before anyone could be told: another
// pod tells them, once.
func TestRequestFlowOverACrash(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Join.Requests = true })
	ann, eve := w.client("ann"), w.connect("eve", "eve-1", 1)
	l := ann.create()
	w.dieAfterLobbyCommit(l.ID)
	if _, err := eve.h.RequestJoin(t.Context(), eve.keyed("q"), &wire.LobbyRequestJoin{LobbyID: l.ID}); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(retellAfter)
	if d := cmp.Diff([]string{wire.EventLobbyJoinRequested}, w.told("ann")); d != "" {
		t.Fatal(d)
	}
	if _, err := eve.h.RequestJoin(t.Context(), eve.keyed("q"), &wire.LobbyRequestJoin{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	w.dieAfterLobbyCommit(l.ID)
	if _, err := ann.h.RespondJoin(t.Context(), ann.keyed("a"), &wire.LobbyRespondJoin{LobbyID: l.ID, UserID: "eve", Accept: true}); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(retellAfter)
	if _, err := ann.h.RespondJoin(t.Context(), ann.keyed("a"), &wire.LobbyRespondJoin{LobbyID: l.ID, UserID: "eve", Accept: true}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{wire.EventLobbyInvited}, w.told("eve")); d != "" {
		t.Fatal(d)
	}
	invite := w.doc(l.ID).Invites["eve"].ID
	joined := w.state(eve.h.RespondInvite(t.Context(), eve.call, &wire.LobbyRespondInvite{InviteID: invite, Accept: true}))
	if _, in := joined.Members["eve"]; !in || len(w.told("ann")) != 1 {
		t.Errorf("joined %+v; ann was told %v", joined, w.told("ann"))
	}
	_, err := eve.h.RespondInvite(t.Context(), eve.call, &wire.LobbyRespondInvite{InviteID: "nonsense", Accept: true})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

// A countdown whose pod has died ends on another one, once.
func TestCountdownOverACrash(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Ready = ReadyPolicy{AutoStart: true, Countdown: 5 * time.Second} })
	seen := &witness{}
	w.pods[1].service.Observer = seen
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 0)
	l := ann.create()
	w.state(bob.join(l.ID))
	w.version(ann.ready(l.ID, true))
	w.dieAfterLobbyCommit(l.ID)
	if _, err := bob.ready(l.ID, true); err == nil {
		t.Fatal("it did not die")
	}
	w.pass(5 * time.Second)
	w.pass(time.Second)
	now := w.doc(l.ID)
	if now.Status != wire.LobbyInMatch {
		t.Fatalf("%s", now.Status)
	}
	if _, err := w.pods[0].service.ReportMatch(t.Context(), "", Report{MatchID: now.Match.ID, Ended: true}); err != nil {
		t.Fatal(err)
	}
	_, err := w.pods[0].service.ReportMatch(t.Context(), "", Report{MatchID: now.Match.ID, Ended: true})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	started := 0
	for _, c := range w.causesOf(l.ID) {
		if c == "match_started  " {
			started++
		}
	}
	if d := cmp.Diff([]string{"started [ann bob]"}, seen.take()); d != "" || started != 2 { // the patch, and lobby:handoff
		t.Errorf("%d handoffs, told %s", started, d)
	}
}
