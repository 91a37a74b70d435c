package rules

import (
	"math"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Kick removes another member for the host. The policy's BanTTL keeps the user out.
func (l Lobby) Kick(host, userID, message string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkRemoval(host, userID); err != nil {
		return l, nil, err
	}
	if !l.Has(userID) {
		return l, nil, noSuchMember()
	}
	e := l.edit(now)
	if ttl := l.Policy.Moderation.BanTTL; ttl > 0 {
		e.ban(userID, ms(now.Add(ttl)))
	}
	e.recordDeparture(userID, ReasonKicked, host, message)
	e.by(wire.CauseMemberKicked, host, message)
	return e.done()
}

// Ban bans a user for the host, and removes a member: for the policy's BanTTL, or for the life of
// the lobby.
func (l Lobby) Ban(host, userID, message string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkRemoval(host, userID); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	until := int64(forever)
	if ttl := l.Policy.Moderation.BanTTL; ttl > 0 {
		until = ms(now.Add(ttl))
	}
	e.ban(userID, until)
	delete(e.Invites, userID)
	delete(e.Requests, userID)
	if l.Has(userID) {
		e.recordDeparture(userID, ReasonBanned, host, message)
	}
	e.by(wire.CauseMemberBanned, host, message)
	return e.done()
}

// forever is a moment that no lobby sees, and that every client can read.
const forever = 1 << 52

// Unban ends a ban for the host.
func (l Lobby) Unban(host, userID string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host); err != nil {
		return l, nil, err
	}
	if !l.isBanned(userID, now) {
		return l, nil, wire.Refuse(wire.CodeNotFound, "this user is not banned")
	}
	e := l.edit(now)
	delete(e.Banned, userID)
	e.by(wire.CauseUnbanned, host, "")
	return e.done()
}

func (l Lobby) checkRemoval(host, userID string) error {
	switch err := l.checkHost(host); {
	case err != nil:
		return err
	case !l.Policy.Moderation.Kick:
		return wire.Refuse(wire.CodePermissionDenied, "the policy does not allow kicking")
	case userID == host:
		return wire.Invalid("userId", "you cannot remove yourself")
	}
	return nil
}

// isBanned reports whether a user is banned now.
func (l Lobby) isBanned(userID string, now time.Time) bool { return ms(now) < l.Banned[userID] }

// ban keeps a user out until a moment.
func (e *edit) ban(userID string, until int64) {
	for id, end := range e.Banned {
		if end <= ms(e.now) {
			delete(e.Banned, id)
		}
	}
	if e.Banned == nil {
		e.Banned = map[string]int64{}
	}
	if _, already := e.Banned[userID]; !already && len(e.Banned) >= MaxBans {
		delete(e.Banned, soonest(e.Banned))
	}
	e.Banned[userID] = until
}

func soonest(bans map[string]int64) string {
	first := ""
	for id, until := range bans {
		if first == "" || until < bans[first] || until == bans[first] && id < first {
			first = id
		}
	}
	return first
}

// Vote is the players' wish that one of them goes.
type Vote struct {
	// By are the voters, in the order of their votes.
	By []string `json:"by"`
	// Until is when the vote lapses.
	Until int64 `json:"until"`
}

const (
	// VoteTTL is the time from the last vote to the end of a ballot.
	VoteTTL = time.Minute
	// MaxVotes is the maximum number of open ballots.
	MaxVotes = 8
)

// VoteKick votes for the removal of a player. Enough votes remove the player as a kick does; after
// the removal of the host, another player becomes the host.
func (l Lobby) VoteKick(userID, target string, random uint64, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, err := l.ActiveMember(userID)
	other, in := l.Members[target]
	switch {
	case err != nil:
		return l, nil, err
	case !l.Policy.Moderation.VoteKick:
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "the policy does not allow votes")
	case !m.Player():
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "spectators have no vote")
	case target == userID:
		return l, nil, wire.Invalid("userId", "you cannot vote yourself out")
	case !in:
		return l, nil, noSuchMember()
	case !other.Player():
		return l, nil, wire.Invalid("userId", "votes are about players")
	}
	e := l.edit(now)
	vote, open := e.Votes[target]
	if slices.Contains(vote.By, userID) {
		return l, nil, nil
	}
	if !open && len(e.Votes) >= MaxVotes {
		return l, nil, wire.Exhausted("", "too many votes are open")
	}
	if e.Votes == nil {
		e.Votes = map[string]Vote{}
	}
	e.Votes[target] = Vote{By: append(slices.Clone(vote.By), userID), Until: ms(now.Add(VoteTTL))}
	e.by(wire.CauseVoted, userID, "")
	if len(e.Votes[target].By) >= l.votesNeeded() {
		e.voteOut(target, random)
	}
	return e.done()
}

// votesNeeded returns the number of votes that remove a player, at least one.
func (l Lobby) votesNeeded() int {
	return max(1, int(math.Ceil(l.Policy.Moderation.VoteRatio*float64(l.Players()-1))))
}

func (e *edit) voteOut(target string, random uint64) {
	if ttl := e.Policy.Moderation.BanTTL; ttl > 0 {
		e.ban(target, ms(e.now.Add(ttl)))
	}
	e.removeMember(target, wire.CauseMemberVotedOut, ReasonKicked, random)
}

// dropVotes removes the leaving member's votes and the votes against the member.
func (e *edit) dropVotes(userID string) {
	delete(e.Votes, userID)
	for target, vote := range e.Votes {
		if i := slices.Index(vote.By, userID); i >= 0 {
			vote.By = slices.Delete(slices.Clone(vote.By), i, i+1)
			e.Votes[target] = vote
		}
		if len(vote.By) == 0 {
			delete(e.Votes, target)
		}
	}
}

// expireVotes takes out the votes that have lapsed; true when there were some.
func (e *edit) expireVotes() bool {
	some := false
	for target, vote := range e.Votes {
		if vote.Until <= ms(e.now) {
			delete(e.Votes, target)
			some = true
		}
	}
	return some
}
