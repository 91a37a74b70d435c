// Package siotest tests Socket.IO servers, and programs that communicate through them,
// from Go tests. It is a small Socket.IO v5 client (Engine.IO v4, over WebSocket, polling
// or an upgrade) whose methods fail the test themselves and report the received events:
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
// use Anteroom's protocol. [Client.Cut], [Client.Pause] and [Client.Reconnect] simulate
// network failures. Every client checks the sequence numbers of all its streams, and
// fails its test at the end if an event was missing, duplicated or out of order, unless
// [WithoutAudit] is given.
//
// Event arguments are JSON; a packet with binary attachments ends the connection.
// The client's patience bounds every wait (20 seconds, see [WithPatience]). The methods
// of a Client may be called from several goroutines. A method that may end the test must
// be called from the test's own goroutine, unless its documentation allows more.
package siotest
