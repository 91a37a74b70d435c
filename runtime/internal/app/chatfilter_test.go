package app

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestHookFilter(t *testing.T) {
	var told struct {
		Type string
		Data hookDraft
	}
	var id, signature string
	secrets := t.TempDir()
	if err := os.WriteFile(filepath.Join(secrets, "s_key"), []byte("whsec_c2VjcmV0"), 0o600); err != nil {
		t.Fatal(err)
	}
	hang := make(chan struct{})
	// The answer is in the URL, because a hanging call outlives its case.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := r.URL.Query().Get("answer")
		if answer == "hang" {
			<-hang
			return
		}
		id = r.Header.Get("webhook-id")
		body, _ := io.ReadAll(r.Body)
		told.Data = hookDraft{}
		if err := json.Unmarshal(body, &told); err != nil {
			t.Error(err)
		}
		seconds, _ := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
		if s := r.Header.Get("webhook-signature"); s != "" && s == webhook.Sign([]byte("secret"), id, time.Unix(seconds, 0), body) {
			signature = s
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	defer close(hang)
	const refuse, unavailable = wire.CodeInvalidArgument, wire.CodeUnavailable
	for name, tc := range map[string]struct {
		rule   realtime.ChatFilter
		answer string
		want   string
		code   wire.Code
	}{
		"allowed":                        {answer: `{"allow":true,"text":"other"}`, want: "hello"},
		"refused":                        {answer: `{"allow":false,"reason":"is rude"}`, code: refuse},
		"masked by the hook":             {rule: realtime.ChatFilter{Action: realtime.FilterMask}, answer: `{"allow":false,"text":"h***o"}`, want: "h***o"},
		"masked whole":                   {rule: realtime.ChatFilter{Action: realtime.FilterMask}, answer: `{"allow":false}`, want: "*****"},
		"masked by an essay":             {rule: realtime.ChatFilter{Action: realtime.FilterMask}, answer: `{"allow":false,"text":"much too long"}`, want: "*****"},
		"masked by nothing":              {rule: realtime.ChatFilter{Action: realtime.FilterMask}, answer: `{"allow":false,"text":" "}`, want: "*****"},
		"no verdict, closed":             {answer: `{}`, code: unavailable},
		"no JSON, closed":                {answer: `no`, code: unavailable},
		"no JSON, open":                  {rule: realtime.ChatFilter{FailurePolicy: realtime.FilterFailureAllow}, answer: `no`, want: "hello"},
		"too late, closed":               {rule: realtime.ChatFilter{Timeout: realtime.Duration{Duration: 20 * time.Millisecond}}, answer: "hang", code: unavailable},
		"too late, open":                 {rule: realtime.ChatFilter{Timeout: realtime.Duration{Duration: 20 * time.Millisecond}, FailurePolicy: realtime.FilterFailureAllow}, answer: "hang", want: "hello"},
		"its secret is missing, closed":  {rule: realtime.ChatFilter{SecretRef: &realtime.KeyReference{Name: "gone", Key: "key"}}, answer: `{"allow":true}`, code: unavailable},
		"signed":                         {rule: realtime.ChatFilter{SecretRef: &realtime.KeyReference{Name: "s", Key: "key"}}, answer: `{"allow":true}`, want: "hello"},
		"allowed, though nobody listens": {rule: realtime.ChatFilter{URL: "http://127.0.0.1:1", FailurePolicy: realtime.FilterFailureAllow}, want: "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			rule := tc.rule
			rule.Type = realtime.FilterWebhook
			if rule.URL == "" {
				rule.URL = server.URL + "/?answer=" + url.QueryEscape(tc.answer)
			}
			policy := v1alpha1.LobbyPolicy{Name: "p"}
			policy.Spec.Chat.Filters = []realtime.ChatFilter{rule}
			filters, _ := chatFilters(policy, secrets, localHooks(), slog.New(slog.DiscardHandler))
			got, err := filters[0].Check(t.Context(), chat.Draft{ID: "m1", Channel: "lobby:x", UserID: "ann", Type: "text", Text: "hello"})
			var refused *wire.Error
			errors.As(err, &refused)
			if got != tc.want || (tc.code == "") != (err == nil) || refused != nil && refused.Code != tc.code {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if signature == "" {
		t.Error("no call was signed with the key")
	}
	if id != "m1" || told.Type != "chat.message" || told.Data.UserID != "ann" || told.Data.Text != "hello" {
		t.Errorf("the hook was told %+v as %q", told, id)
	}
}

func TestLookalikesOfAPolicy(t *testing.T) {
	for spelling, first := range map[string]int{"darn": 0, "dаrn": 1, "d4rn": 2} { // the second has a Cyrillic letter
		for i, like := range []realtime.FilterLookalikes{"", realtime.LookalikeLetters, realtime.LookalikeLettersAndDigits} {
			policy := v1alpha1.LobbyPolicy{Spec: realtime.LobbyPolicySpec{Chat: realtime.ChatRules{Filters: []realtime.ChatFilter{
				{Type: realtime.FilterWordList, Words: []string{"darn"}, Lookalikes: like},
			}}}}
			filters, _ := chatFilters(policy, "", nil, slog.New(slog.DiscardHandler))
			_, err := filters[0].Check(t.Context(), chat.Draft{Text: spelling})
			if (err != nil) != (i >= first) {
				t.Errorf("%q with lookalikes %q: %v", spelling, like, err)
			}
		}
	}
}

// A webhook is asked once about all texts of a request. It cannot mask them, because its
// answer does not say which text is meant.
func TestHookFilterOfFields(t *testing.T) {
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var call struct {
			Type string
			Data hookTexts
		}
		if err := json.Unmarshal(body, &call); err != nil {
			t.Error(err)
		}
		data := call.Data
		data.ID = ""
		text, _ := json.Marshal(data)
		calls = append(calls, call.Type+" "+string(text))
		_, _ = w.Write([]byte(r.URL.Query().Get("answer")))
	}))
	defer server.Close()
	fields := []text.Field{{Path: "name", Text: "one"}, {Path: "attributes.mood", Text: "two"}}
	for name, tc := range map[string]struct {
		answer string
		rule   realtime.ChatFilter
		code   wire.Code
		field  string
	}{
		"allowed":              {answer: `{"allow":true}`},
		"refused":              {answer: `{"allow":false,"reason":"is rude"}`, code: wire.CodeInvalidArgument, field: "name"},
		"refused under Mask":   {answer: `{"allow":false}`, rule: realtime.ChatFilter{Action: realtime.FilterMask}, code: wire.CodeInvalidArgument, field: "name"},
		"no verdict":           {answer: `{}`, code: wire.CodeUnavailable},
		"no verdict, but open": {answer: `{}`, rule: realtime.ChatFilter{FailurePolicy: realtime.FilterFailureAllow}},
	} {
		t.Run(name, func(t *testing.T) {
			rule := tc.rule
			rule.Type, rule.URL = realtime.FilterWebhook, server.URL+"/?answer="+url.QueryEscape(tc.answer)
			rule.AppliesTo = []realtime.FilterScope{realtime.FilterNames}
			policy := v1alpha1.LobbyPolicy{Name: "p"}
			policy.Spec.Chat.Filters = []realtime.ChatFilter{rule}
			messages, filters := chatFilters(policy, "", localHooks(), slog.New(slog.DiscardHandler))
			if len(messages) != 0 || len(filters[text.Names]) != 1 {
				t.Fatalf("%d filters of messages and %d of names, want 0 and 1", len(messages), len(filters[text.Names]))
			}
			calls = nil
			got, err := filters[text.Names][0].CheckFields(t.Context(), text.Author{UserID: "ann", Event: "lobby:create", LobbyType: "arena"}, fields)
			var refused *wire.Error
			errors.As(err, &refused)
			if tc.code == "" && (err != nil || !slices.Equal(got, []string{"one", "two"})) || tc.code != "" && (refused == nil || refused.Code != tc.code || refused.Field != tc.field) {
				t.Errorf("got %q, %v; want code %q at %q", got, err, tc.code, tc.field)
			}
			want := `lobby.texts {"id":"","event":"lobby:create","lobbyType":"arena","userId":"ann","texts":[{"field":"name","text":"one"},{"field":"attributes.mood","text":"two"}]}`
			if !slices.Equal(calls, []string{want}) {
				t.Errorf("calls %q, want %q", calls, want)
			}
		})
	}
}
