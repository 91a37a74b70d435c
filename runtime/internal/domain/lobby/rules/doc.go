// Package rules decides how a lobby changes.
//
// A command takes a [Lobby] and a time, and returns the next lobby with one patch for each
// event, or a *wire.Error. The package imports no store and no context, so that a command
// cannot read or write anything else.
//
// # Access
//
// A user can read and join a public lobby by its id or its code. For a user who is not a
// member, a private lobby and a lobby for friends do not exist: the answer is not_found. Such a
// user needs the code or an invite. The game knows which users are friends. A lobby with a
// password asks for the password in addition, except after an invite.
//
// # Attributes
//
// The policy declares every key. The lobby has the attributes that its host or the server
// writes; each member has the attributes that the member writes.
package rules
