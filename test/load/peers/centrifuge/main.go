// Command centrifuge is a real-time server of the centrifuge library whose clients
// may subscribe and publish to any channel.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/centrifugal/centrifuge"

	"github.com/anteroom/anteroom/test/load/peers/rooms"
)

func main() {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		fail(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			done(centrifuge.SubscribeReply{}, nil)
		})
		c.OnPublish(func(_ centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			done(centrifuge.PublishReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		fail(err)
	}
	rooms.Serve(http.Handler(centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
