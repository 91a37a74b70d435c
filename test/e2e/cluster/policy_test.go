//go:build e2e

package cluster

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/siotest"
)

var _ = Describe("An edited LobbyPolicy", Label("policy"), func() {
	// From the edit to the last client that receives the change: five seconds are
	// promised, with a margin for a busy machine.
	const within = 15 * time.Second

	It("applies to connected clients, on all pods", func() {
		a := newArena("")
		clients := map[string]*siotest.Client{"ws": a.connect("ws"), "poll": a.connect("poll", siotest.WithTransport(siotest.Polling)), "ws2": a.connect("ws2")}
		lobby := clients["ws"].Ask("lobby:create", siotest.M{"type": "arena"}).Text("lobby.id")
		channel := "lobby:" + lobby
		for name, c := range clients {
			if name != "ws" {
				c.Ask("lobby:join", siotest.M{"lobbyId": lobby})
			}
			c.Ask("chat:join", siotest.M{"channel": channel})
			c.Ask("chat:send", siotest.M{"channel": channel, "text": strings.Repeat("x", 40), "key": "before"})
		}

		a.patch("lobbypolicy/arena", `{"spec":{"applyTo":"AllLobbies","chat":{"maxLength":20}}}`)
		edited := time.Now()
		for name, c := range clients {
			n := 0
			Eventually(func() string {
				n++
				message := siotest.M{"channel": channel, "text": strings.Repeat("y", 40), "key": fmt.Sprint("after", n)}
				return string(c.EmitWithAck("chat:send", message)[0])
			}).WithPolling(100*time.Millisecond).Should(ContainSubstring(`"field":"text"`), name)
			Expect(c.Connected()).To(BeTrue(), name)
			c.Ask("chat:send", siotest.M{"channel": channel, "text": "short", "key": "short"})
		}
		took := time.Since(edited)
		GinkgoWriter.Printf("all clients had the new policy after %v\n", took.Round(time.Millisecond))
		Expect(took).To(BeNumerically("<", within))
		a.kubectl("wait", "--for=condition=Propagated", "lobbypolicy/arena", "--timeout", patience.String())
	})
})
