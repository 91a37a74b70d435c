package audit

import (
	"context"
	"encoding/json"

	"github.com/anteroom/anteroom/test/siotest"
)

// client is a connection of the raw or the stock client.
type client interface {
	// Emit sends an event; acked is called in the acknowledgement's order among the
	// events.
	Emit(event string, body any, acked func(args []json.RawMessage)) error
	Ended() <-chan struct{}
	Err() error
	Close()
	Cut()
	Vanish()
	Pause()
	Unpause()
}

// dialer opens a connection to an address.
type dialer func(ctx context.Context, address string, auth any, received func(event string, args []json.RawMessage)) (client, error)

// dialRaw returns a dialer of the raw client for a transport.
func dialRaw(transport string) dialer {
	return func(ctx context.Context, address string, auth any, received func(string, []json.RawMessage)) (client, error) {
		raw, err := siotest.Dial(ctx, "http://"+address, auth, received, siotest.WithTransport(siotest.Transport(transport)))
		if err != nil {
			return nil, err
		}
		return raw, nil
	}
}
