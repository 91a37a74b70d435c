// Package lobby is where players gather before a match: who is in, who leads,
// what they have agreed on.
//
// The rules are pure (model.go and the files of its commands): a command takes a
// [Lobby] and a moment, and gives the lobby after it with one patch for each
// thing that happened, or a *wire.Error. [Service] carries them to the stream
// "lobby:{id}" by compare-and-set, and [Handlers] speak the wire contract.
//
// # Who may come in
//
// A public lobby can be read and joined by its id or its code. A private lobby, and
// one for friends, does not exist for those who only know its id: they get not_found,
// and come in by the code or a member's invite. Who is a friend is for the game to
// know. A password, where there is one, is asked for either way. Members are always
// let in to what they are members of.
//
// # Attributes
//
// The policy declares every key. Those that the host or the server writes belong
// to the lobby; those that a member writes belong to each member.
package lobby
