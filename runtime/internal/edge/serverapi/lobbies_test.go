package serverapi

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestABackEndReadsChangesAndClosesALobby(t *testing.T) {
	s := newStand(t)
	id := s.lobby("ada")
	read := func() wire.Lobby {
		t.Helper()
		a := s.do(http.MethodGet, "/v1/lobbies/"+id, nil)
		var out LobbyResponse
		if err := json.Unmarshal(a.body, &out); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s: %v", a.status, a.body, err)
		}
		return out.Lobby
	}
	if l := read(); l.ID != id || l.HostID != "ada" || l.Version != 1 {
		t.Errorf("%+v", l)
	}
	var out LobbyChanged
	s.post("/v1/lobbies/"+id+":update", object{"set": object{"name": "Finals", "attributes": object{"ranked": true}}}, &out)
	if l := read(); l.Name != "Finals" || l.Attributes["ranked"] != true || l.Version != out.Seq || out.Seq != 2 {
		t.Errorf("%+v, %+v", l, out)
	}
	for _, c := range []bad{
		{"wrong type", "/v1/lobbies/" + id + ":update", object{"set": object{"name": 7}}, wire.CodeInvalidArgument, "set.name"},
		{"a password", "/v1/lobbies/" + id + ":update", object{"set": object{"password": "secret"}}, wire.CodeInvalidArgument, "set.password"},
		{"no attribute of the policy", "/v1/lobbies/" + id + ":update", object{"set": object{"attributes": object{"map": "x"}}}, wire.CodeInvalidArgument, "set.attributes.map"},
		{"no such lobby", "/v1/lobbies/01JD8Q3V9Z0000000000000000:update", object{"set": object{"name": "x"}}, wire.CodeNotFound, ""},
		{"no such lobby to close", "/v1/lobbies/x:close", object{}, wire.CodeNotFound, ""},
		{"a long reason", "/v1/lobbies/" + id + ":close", object{"reason": long(65)}, wire.CodeInvalidArgument, "reason"},
		{"nothing to report", "/v1/matches/x:report", object{}, wire.CodeInvalidArgument, "connection"},
		{"no such match", "/v1/matches/x:report", object{"ended": true}, wire.CodeNotFound, ""},
	} {
		_, refusal := s.refused(http.MethodPost, c.path, c.body)
		if refusal.Code != c.code || refusal.Field != c.field {
			t.Errorf("%s: %v", c.name, &refusal)
		}
	}
	if l := read(); l.Version != 2 {
		t.Errorf("refusals left version %d", l.Version)
	}
	s.post("/v1/lobbies/"+id+":close", object{"reason": "maintenance"}, nil)
	if l := read(); l.Status != wire.LobbyClosed {
		t.Errorf("%+v", l)
	}
	if code, refusal := s.refused(http.MethodPost, "/v1/events", to(object{"lobby": id})); code != http.StatusConflict || refusal.Reason != wire.ReasonLobbyClosed {
		t.Errorf("an event to a closed lobby: %d %v", code, &refusal)
	}
}
