package rules

import (
	"fmt"

	"github.com/anteroom/anteroom/runtime/wire"
)

// teamsIncomplete says which player's team, or which team, a start waits for; nil when for none.
func (l Lobby) teamsIncomplete() *wire.Error {
	teams := l.Policy.Teams
	if teams.Count > 0 && teams.CompleteAtStart {
		if free := l.bySeniority(func(m Member) bool { return m.Player() && m.Team == "" }); len(free) > 0 {
			return wire.Precondition(wire.ReasonTeamsIncomplete, free[0]+" is in no team").At("members." + free[0] + ".team")
		}
	}
	for n := 1; n <= teams.Count; n++ {
		if size := l.teamSize(teamName(n)); size < teams.MinSize {
			text := fmt.Sprintf("team %d has %d players, and a start needs %d", n, size, teams.MinSize)
			return wire.Precondition(wire.ReasonTeamsIncomplete, text).At("teams." + teamName(n))
		}
	}
	return nil
}

// teamsFixed reports whether players keep their teams now.
func (l Lobby) teamsFixed() bool { return l.Policy.Teams.FixedInMatch && l.Status == wire.LobbyInMatch }

// checkTeamFixed refuses a change of a player's team while teams are fixed.
func (l Lobby) checkTeamFixed(was, next, field string) error {
	if was == "" || was == next || !l.teamsFixed() {
		return nil
	}
	return wire.Precondition(wire.ReasonTeamsFixed, "teams do not change while the match runs").At(field)
}

// rejoinTeam returns the team of a user who joins the running match again: the previous team,
// while teams are fixed and the team has room; otherwise the requested team.
func (l Lobby) rejoinTeam(userID, asked, field string) (string, error) {
	if !l.teamsFixed() || l.Match == nil {
		return asked, nil
	}
	own := l.Match.Players[userID].Team
	if own == "" || l.Policy.Teams.full(l.teamSize(own)) {
		return asked, nil
	}
	if asked == "" {
		return own, nil
	}
	return asked, l.checkTeamFixed(own, asked, field)
}
