package app

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// TestAMutedHostIsFreed: a muted user who becomes the host frees itself, and a back end mutes
// and frees everybody, over both servers.
func TestAMutedHostIsFreed(t *testing.T) {
	c := newCourt(t)
	ann, bob := c.on(0, "ann"), c.on(1, "bob")
	id := ann.lobby()
	channel := "lobby:" + id
	bob.must(wire.EventLobbyJoin, map[string]any{"lobbyId": id})
	mute := map[string]any{"channel": channel, "userId": "bob"}
	ann.must(wire.EventChatMute, mute)
	ann.must(wire.EventLobbyTransferHost, map[string]any{"lobbyId": id, "userId": "bob"})
	wants := func(event string, want wire.Code) {
		t.Helper()
		payload := mute
		if event == wire.EventChatSend {
			payload = message(channel, "hi")
		}
		if code := bob.code(event, payload); code != string(want) {
			t.Errorf("%s of the host: %q, want %q", event, code, want)
		}
	}
	wants(wire.EventChatSend, wire.CodeMuted)
	wants(wire.EventChatUnmute, "")
	wants(wire.EventChatSend, "")
	backend := func(act string) {
		c.pods[0].backend("/v1/chat:"+act, fmt.Sprintf(`{"channel":%q,"userId":"bob"}`, channel), http.StatusOK)
	}
	backend("mute")
	wants(wire.EventChatSend, wire.CodeMuted)
	wants(wire.EventChatUnmute, wire.CodePermissionDenied)
	backend("unmute")
	wants(wire.EventChatSend, "")
}
