package rules

import "github.com/anteroom/anteroom/runtime/wire"

// Listed reports whether a search can find the lobby.
func (l Lobby) Listed() bool { return l.Public() && !l.Closed() && l.Policy.Search.Enabled }

// Listing returns the lobby as a search shows it.
func (l Lobby) Listing() wire.LobbyListing {
	return wire.LobbyListing{
		ID: l.ID, Type: l.Policy.Type, Name: l.Name, Status: l.Status, HasPassword: l.PasswordHash != "",
		Players: l.Players(), MaxMembers: l.MaxMembers, Spectators: l.Spectators(),
		Attributes: without(l.Attributes, l.Policy.hidden(true)), CreatedAt: l.CreatedAt,
	}
}
