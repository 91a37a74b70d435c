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

// teamsFixed tells whether players keep their teams now.
func (l Lobby) teamsFixed() bool { return l.Policy.Teams.FixedInMatch && l.Status == wire.LobbyInMatch }

// keepsTeam refuses another team to a player who has one, while teams are fixed.
func (l Lobby) checkTeamFixed(was, next, field string) error {
	if was == "" || was == next || !l.teamsFixed() {
		return nil
	}
	return wire.Precondition(wire.ReasonTeamsFixed, "teams do not change while the match runs").At(field)
}

// teamBack is the team of a user who comes back into the match that it has left: its own,
// while teams are fixed and that team has room; otherwise what was asked for.
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
