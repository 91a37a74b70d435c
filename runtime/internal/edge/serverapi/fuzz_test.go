package serverapi

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// FuzzEvent: whatever a back end sends is refused with a *wire.Error, or becomes an
// event that every store takes.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		`{"target":{"user":"ada"},"event":"game:tick","data":{"n":1}}`, `{"target":{"users":["a","b"]},"event":"x"}`,
		`{"target":{"lobby":"x","broadcast":true},"event":"lobby:patch","data":[]}`, `[]`, `null`, `{"data":{"meta":1}}`,
		"{\"target\":{\"room\":\"r\"},\"event\":\"x\",\"data\":{\n}}",
	} {
		f.Add([]byte(seed))
	}
	for _, bomb := range bombs.JSON() {
		f.Add([]byte(bomb))
		f.Add([]byte(`{"target":{"user":"ada"},"event":"game:tick","data":` + bomb + `}`))
	}
	s, checks := &Server{Options: Options{MaxData: 1024}}, schema.New()
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := schema.Decode[EventRequest](checks, arguments(body))
		if err == nil {
			_, err = req.Target.kind()
		}
		var event stream.Event
		if err == nil {
			event, err = s.event(req)
		}
		var refused *wire.Error
		if err != nil {
			if !errors.As(err, &refused) || refused.Code == "" {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		commit := stream.Commit{Stream: "user:a", Events: []stream.Event{event}, Retain: stream.Retention{LogSize: 1, LogTTL: 1, TTL: 1}}
		if err := commit.Validate(); err != nil || !json.Valid(event.Data) {
			t.Fatalf("%q becomes %+v: %v", body, event, err)
		}
	})
}
