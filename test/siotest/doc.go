// Package siotest tests Socket.IO servers, and programs that talk through them, from
// Go tests. It is a small Socket.IO v5 client (Engine.IO v4, over WebSocket, polling
// or an upgrade) whose methods fail the test by themselves and say what came instead:
//
//	server := siotest.StartServer(t, siotest.Manifest("realtime.yaml"))
//	alice, bob := server.Connect(t, "alice"), server.Connect(t, "bob")
//	lobby := alice.Ask("lobby:create", siotest.M{"type": "casual"}).Text("lobby.id")
//	bob.Ask("lobby:join", siotest.M{"lobbyId": lobby})
//	bob.Ask("chat:join", siotest.M{"channel": "lobby:" + lobby})
//	alice.Ask("chat:send", siotest.M{"channel": "lobby:" + lobby, "text": "hello"})
//	bob.Expect("chat:message", siotest.Field("text", "hello"))
//
// [Connect] works with any Socket.IO server; [StartServer], [Client.Ask] and the audit
// know Anteroom's protocol. [Client.Cut], [Client.Pause] and [Client.Reconnect] make
// the network fail. Every client follows the sequence numbers of all streams that it
// hears and fails its test in the end if an event was missing, double or out of
// order, unless [WithoutAudit] says otherwise.
//
// Event arguments are JSON; a packet with binary attachments ends the connection.
// What waits is bounded by the client's patience (20 seconds, see [WithPatience]).
// The methods of a Client may be called from several goroutines, but as they may end
// the test, only from the goroutine that runs it unless its documentation allows more.
package siotest
