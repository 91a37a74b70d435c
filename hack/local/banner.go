package main

import (
	"fmt"
	"strings"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// banner returns the text for the user once the servers are ready: the URL, a token for
// each user, and a client of three lines to paste. why is the reason when there are no
// tokens; lobbyType is a type that the client can create.
func banner(s runState, why, lobbyType string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Anteroom serves %s on %s\n\n", s.File, s.Proxy.URL)
	fmt.Fprintf(&b, "  Try it in a browser, as two users: %s%s\n\n", s.Proxy.URL, configv1.PlaygroundPath)
	for _, p := range s.Servers {
		status := "ready"
		if !p.Ready {
			status = "not ready: " + p.Reason
		}
		fmt.Fprintf(&b, "    %-9s %s  admin %s  %s\n", p.Name, p.URL, p.AdminURL, status)
	}
	if why != "" {
		fmt.Fprintf(&b, "\n  No dev tokens: %s.\n", why)
	} else {
		fmt.Fprintf(&b, "\n  Tokens, valid for %s:\n\n", tokenLifetime)
	}
	for _, t := range s.Tokens {
		fmt.Fprintf(&b, "    %-6s %s\n", t.User, t.Token)
	}
	if s.APITokenFile != "" && len(s.Servers) > 0 {
		fmt.Fprintf(&b, "\n  The servers' dashboard: %s%s, with the token in %s\n", s.Servers[0].AdminURL, configv1.DashboardPath, s.APITokenFile)
	}
	fmt.Fprintf(&b, "\n  A client to paste into a shell, after `npm install socket.io-client`:\n\nnode -e '\n%s'\n\n", client(s, lobbyType))
	if lobbyType != "" {
		b.WriteString("  A second user joins with its own token and emitWithAck(\"lobby:join\", { code: \"the code printed above\" }).\n")
	}
	b.WriteString(emission(s))
	b.WriteString("  Edits of the file are applied at once. Ctrl-C stops all processes.\n\n")
	return b.String()
}

// emission returns a request to the server API to paste into a shell; "" when there is
// none. The token stays in its file.
func emission(s runState) string {
	if s.APITokenFile == "" || len(s.Servers) == 0 || s.Servers[0].APIURL == "" {
		return ""
	}
	user := "alice"
	if len(s.Tokens) > 0 {
		user = s.Tokens[0].User
	}
	return fmt.Sprintf("  An event to a user, from a back end (all requests: %[1]s/openapi.json):\n\n"+
		"curl -H \"Authorization: Bearer $(cat %[2]s)\" -d '{\"target\": {\"user\": \"%[3]s\"}, \"event\": \"game:hello\", \"data\": {\"from\": \"curl\"}}' %[1]s/v1/events\n\n",
		s.Servers[0].APIURL, s.APITokenFile, user)
}

// client returns a three-line client: it connects, prints every push, and creates a lobby
// or, without a lobby type, pings. Each paste uses a new key. It has no single quote, so
// that a shell accepts it.
func client(s runState, lobbyType string) string {
	token := "YOUR_TOKEN"
	if len(s.Tokens) > 0 {
		token = s.Tokens[0].Token
	}
	path := ""
	if s.Proxy.Path != "/socket.io/" {
		path = fmt.Sprintf("path: %q, ", s.Proxy.Path)
	}
	request := `"sync:ping", {}`
	if lobbyType != "" {
		request = fmt.Sprintf(`"lobby:create", { type: %q, key: String(Date.now()) }`, lobbyType)
	}
	return fmt.Sprintf(`const { io } = require("socket.io-client");
const socket = io(%q, { %sauth: { protocol: 1, token: %q } }).onAny(console.log);
socket.on("connect_error", (e) => console.log(e.message, e.data)).once("session:ready", async () => console.dir(await socket.emitWithAck(%s), { depth: 9 }));
`, s.Proxy.URL, path, token, request)
}
