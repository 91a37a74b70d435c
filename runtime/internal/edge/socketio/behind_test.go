package socketio

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A client that stops reading for a while misses patches of what it follows, is not
// cut for them, and is brought to the state of now by a snapshot once it reads.
func TestPatchesOfASlowReaderBecomeOneSnapshot(t *testing.T) {
	registry := prometheus.NewRegistry()
	st := newStack(t, func(s *setup) { s.session.Metrics = session.NewMetrics(registry) })
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(64 << 10) // or the kernel reads megabytes in its place
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(st.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(2 * patience))
	st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1})
	for _, text := range []string{`40{"token":"ann"}`, `421["counter:watch",{"id":"a"}]`} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
		readUntil(t, conn, map[byte]string{'0': wire.EventSessionReady, '2': "431["}[text[1]])
	}

	data := json.RawMessage(`{"x":"` + strings.Repeat("x", 32<<10) + `"}`)
	var last stream.Result
	n := 1000
	st.eventually("patches are left out", func() bool {
		n++
		last = st.commit("counter:a", stream.Event{Name: "counter:patch", Data: data}, fmt.Appendf(nil, `{"n":%d}`, n))
		return counted(t, registry, "anteroom_left_out_patches_total") >= 100
	})
	if st.sessions.Stats().Connections != 2 {
		t.Fatal("the slow reader is cut")
	}
	// What a back end sends to the stream, no snapshot takes the place of.
	last = st.commit("counter:a", stream.Event{Name: "game:reward", Data: json.RawMessage(`{}`)}, fmt.Appendf(nil, `{"n":%d}`, n))

	at, snapshots, rewards := uint64(1), 0, 0 // where the watch began
	for at < last.Seq {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("after seq %d of %d: %v", at, last.Seq, err)
		}
		event, payload := parseEvent(t, message)
		switch {
		case payload.Meta.Stream != "counter:a":
		case event == "counter:snapshot":
			at = payload.Meta.Seq
			snapshots++
			if at == last.Seq && payload.N != n {
				t.Errorf("the snapshot says %d, want %d", payload.N, n)
			}
		case event == "game:reward":
			rewards++ // the gap before it tells the client to resume
		case payload.Meta.Seq != at+1:
			t.Fatalf("%s has seq %d after %d", event, payload.Meta.Seq, at)
		default:
			at++
		}
	}
	if snapshots == 0 || rewards != 1 {
		t.Errorf("%d snapshots came, and %d events of the back end", snapshots, rewards)
	}
	st.commit("counter:a", stream.Event{Name: "counter:patch", Data: json.RawMessage(`{"y":1}`)}, []byte(`{"n":1}`))
	readUntil(t, conn, `"y":1`)
}

type slowPush struct {
	N    int
	Meta wire.Meta
}

// parseEvent reads an event; other packets give nothing.
func parseEvent(t *testing.T, message []byte) (event string, payload slowPush) {
	t.Helper()
	var args []json.RawMessage
	body, ok := strings.CutPrefix(string(message), "42")
	if !ok {
		return "", payload
	}
	if json.Unmarshal([]byte(body), &args) != nil || json.Unmarshal(args[0], &event) != nil || json.Unmarshal(args[1], &payload) != nil {
		t.Fatalf("not an event: %s", message)
	}
	return event, payload
}

// counted is the value of a counter without labels.
func counted(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}
