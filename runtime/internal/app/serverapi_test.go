package app

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// withAPI has a server serve the API with the token of a file.
func withAPI(t *testing.T) func(*v1alpha1.RuntimeConfig) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *v1alpha1.RuntimeConfig) { c.Listen.API, c.API.TokenFile = "127.0.0.1:0", file }
}

// backend sends a request to the server API, which must be answered with a status.
func (r *running) backend(path, body string, want int) json.RawMessage {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.api+path, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer secret")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		r.t.Fatalf("%s %s: %d %s, %v", path, body, answer.StatusCode, content, err)
	}
	return content
}

// user is a client and the id that the server gave it.
func (r *running) user(name string) (*client, string) {
	r.t.Helper()
	c := connectWebSocket(r.t, r.client, name)
	var ready struct{ UserID string }
	c.event("session:ready", &ready)
	return c, ready.UserID
}

func TestABackEndReachesUsersOnTwoServers(t *testing.T) {
	config := testConfig(miniredis.RunT(t).Addr())
	withAPI(t)(config)
	one, two := start(t, config, testPolicies("duel")), start(t, config, testPolicies("duel"))
	for _, r := range []*running{one, two} {
		r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	}
	ada, adaID := one.user("")
	bob, bobID := two.user("")
	type heard struct {
		N    int
		Meta struct {
			Stream string
			Seq    uint64
		}
	}
	expect := func(c *client, event, stream string, n int) {
		t.Helper()
		var h heard
		if c.event(event, &h); h.N != n || h.Meta.Stream != stream || h.Meta.Seq == 0 {
			t.Errorf("%s is %+v", event, h)
		}
	}
	two.backend("/v1/events", `{"target":{"user":"`+adaID+`"},"event":"game:one","data":{"n":1}}`, 200)
	expect(ada, "game:one", "user:"+adaID, 1)
	one.backend("/v1/events", `{"target":{"broadcast":true},"event":"game:all","data":{"n":2}}`, 200)
	expect(ada, "game:all", "broadcast:all", 2)
	expect(bob, "game:all", "broadcast:all", 2)

	one.backend("/v1/rooms/red:join", `{"userIds":["`+adaID+`","`+bobID+`"]}`, 200)
	for _, c := range []*client{ada, bob} {
		var in struct{ Room string }
		if c.event("room:joined", &in); in.Room != "red" {
			t.Errorf("joined %q", in.Room)
		}
	}
	two.backend("/v1/events", `{"target":{"room":"red"},"event":"game:room","data":{"n":3}}`, 200)
	expect(ada, "game:room", "room:red", 3)
	expect(bob, "game:room", "room:red", 3)

	two.backend("/v1/sessions:disconnect", `{"userId":"`+adaID+`","message":"bye"}`, 200)
	var end struct {
		Code, Message string
		Reconnect     bool
	}
	if ada.event("session:terminated", &end); end.Code != "disconnected" || end.Message != "bye" || !end.Reconnect {
		t.Errorf("ada is told %+v", end)
	}
	one.backend("/v1/users/"+bobID+":revoke", `{"banned":true}`, 200)
	if bob.event("session:terminated", &end); end.Code != "banned" || end.Reconnect {
		t.Errorf("bob is told %+v", end)
	}
	one.backend("/v1/nothing", `{}`, http.StatusNotFound)
	if code, body := one.get(one.api + "/openapi.json"); code != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("the document: %d %s", code, body)
	}
}
