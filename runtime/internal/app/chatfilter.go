package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

// filter checks every kind of text.
type filter interface {
	chat.Filter
	text.FieldFilter
}

// chatFilters makes the filters of a policy: those of messages, and those of other texts. The
// words of ConfigMaps come with the policies, where the operator puts them among the others;
// secrets is the folder with the keys that webhooks' calls are signed with.
func chatFilters(policy v1alpha1.LobbyPolicy, secrets string, hooks *hooks, log *slog.Logger) (
	messages []chat.Filter, fields map[text.Kind][]text.FieldFilter,
) {
	fields = map[text.Kind][]text.FieldFilter{}
	add := func(f filter, scopes []realtime.FilterScope) {
		if len(scopes) == 0 || slices.Contains(scopes, realtime.FilterMessages) {
			messages = append(messages, f)
		}
		for _, scope := range scopes {
			if kind := text.Kind(scope); scope != realtime.FilterMessages {
				fields[kind] = append(fields[kind], f)
			}
		}
	}
	for _, r := range policy.Spec.Chat.Filters {
		mask := r.Action == realtime.FilterMask
		if r.Type == realtime.FilterWordList {
			if r.WordsConfigMapRef != nil {
				log.Warn("the words of a chat filter's ConfigMap did not come with the policy", "policy", policy.Name)
			}
			add(text.NewWordList(r.Words, mask, lookalikes(r.Lookalikes)), r.AppliesTo)
			continue
		}
		f := &hookFilter{
			hook: webhook.Hook{URL: r.URL, Timeout: r.Timeout.Duration, Client: hooks.client()}, mask: mask,
			allow: r.FailurePolicy == realtime.FilterFailureAllow, policy: policy.Name, log: log,
		}
		if r.SecretRef != nil {
			f.secretFile = filepath.Join(secrets, v1alpha1.PolicySecretFile(*r.SecretRef))
		}
		add(f, r.AppliesTo)
	}
	return messages, fields
}

// lookalikes are those of a policy.
func lookalikes(of realtime.FilterLookalikes) text.Lookalikes {
	switch of {
	case realtime.LookalikeLetters:
		return text.LetterLookalikes
	case realtime.LookalikeLettersAndDigits:
		return text.DigitLookalikes
	}
	return text.NoLookalikes
}

// hookFilter is a chat.Filter that asks another service.
type hookFilter struct {
	hook webhook.Hook
	mask bool
	// secretFile has the key to sign with, and is read for each call, so that a new key
	// counts at once; "" means that calls are not signed. While it cannot be read, the
	// service is not asked.
	secretFile string
	// allow lets messages pass while the service cannot be asked.
	allow  bool
	policy string
	log    *slog.Logger
}

// hookCall is the body of a call.
type hookCall struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"` // hookDraft or hookTexts
}

type hookDraft struct {
	ID      string          `json:"id"`
	Channel string          `json:"channel"`
	UserID  string          `json:"userId"`
	Name    string          `json:"name,omitempty"`
	Type    string          `json:"type"`
	Text    string          `json:"text,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// hookTexts are the texts of a request that is no message.
type hookTexts struct {
	ID        string     `json:"id"`
	Event     string     `json:"event"`
	LobbyType string     `json:"lobbyType"`
	LobbyID   string     `json:"lobbyId,omitempty"`
	UserID    string     `json:"userId"`
	Name      string     `json:"name,omitempty"`
	Texts     []hookText `json:"texts"`
}

type hookText struct {
	Field string `json:"field"`
	Text  string `json:"text"`
}

// hookVerdict is its answer.
type hookVerdict struct {
	// Allow has to be there.
	Allow *bool `json:"allow"`
	// Text is what to say instead, where the policy says Mask; without it all of the
	// text becomes asterisks.
	Text *string `json:"text"`
	// Reason is for the sender's eyes.
	Reason string `json:"reason"`
}

// Check implements chat.Filter.
func (f *hookFilter) Check(ctx context.Context, d chat.Draft) (string, error) {
	verdict, ok := f.ask(ctx, d)
	switch {
	case !ok && f.allow, ok && *verdict.Allow:
		return d.Text, nil
	case !ok:
		return "", wire.Refuse(wire.CodeUnavailable, "messages cannot be checked right now")
	case !f.mask || d.Text == "":
		return "", wire.Invalid("text", f.reason(verdict, "is not allowed in this channel"))
	case verdict.Text != nil && fits(*verdict.Text, d.Text):
		return *verdict.Text, nil
	}
	return strings.Repeat("*", utf8.RuneCountInString(d.Text)), nil
}

// fits reports whether a text may stand for another: a filter does not make it longer
// than twice, or empty.
func fits(text, instead string) bool {
	return strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= 2*utf8.RuneCountInString(instead)
}

func (f *hookFilter) reason(v hookVerdict, fallback string) string {
	const most = 200
	if v.Reason == "" || len(v.Reason) > most {
		return fallback
	}
	return v.Reason
}

// CheckFields implements text.FieldFilter: the service is asked once about all texts of a
// request. What it objects to is refused also where the policy says Mask, because the answer
// does not say which text is meant.
func (f *hookFilter) CheckFields(ctx context.Context, from text.Author, fields []text.Field) ([]string, error) {
	call, shown := hookTexts{
		ID: ulid.Make().String(), Event: from.Event, LobbyType: from.LobbyType, LobbyID: from.LobbyID,
		UserID: from.UserID, Name: from.Name,
	}, make([]string, len(fields))
	for i, field := range fields {
		call.Texts, shown[i] = append(call.Texts, hookText{field.Path, field.Text}), field.Text
	}
	verdict, ok := f.post(ctx, call.ID, "lobby.texts", call)
	switch {
	case !ok && f.allow, ok && *verdict.Allow:
		return shown, nil
	case !ok:
		return nil, wire.Refuse(wire.CodeUnavailable, "texts cannot be checked right now")
	}
	return nil, wire.Invalid(fields[0].Path, f.reason(verdict, "is not allowed in this lobby"))
}

// ask asks the service about a message; false when it could not be asked or understood.
func (f *hookFilter) ask(ctx context.Context, d chat.Draft) (hookVerdict, bool) {
	return f.post(ctx, d.ID, "chat.message", hookDraft{
		ID: d.ID, Channel: d.Channel, UserID: d.UserID, Name: d.Name, Type: d.Type, Text: d.Text, Data: d.Data,
	})
}

// post sends a call to the service; false when the answer cannot be had or understood.
func (f *hookFilter) post(ctx context.Context, id, kind string, data any) (hookVerdict, bool) {
	hook, err := f.signing()
	if err != nil {
		f.log.Warn("a chat filter could not be asked", "policy", f.policy, "error", err)
		return hookVerdict{}, false
	}
	now := time.Now()
	body, err := json.Marshal(hookCall{Type: kind, Timestamp: now.UTC(), Data: data})
	if err != nil {
		f.log.Error("a message cannot be encoded for a chat filter", "policy", f.policy, "error", err)
		return hookVerdict{}, false
	}
	var verdict hookVerdict
	answer, err := hook.Post(ctx, webhook.Call{ID: id, At: now, Body: body})
	if err == nil {
		err = json.Unmarshal(answer, &verdict)
	}
	if err != nil || verdict.Allow == nil {
		f.log.Warn("a chat filter could not be asked", "policy", f.policy, "error", err)
		return hookVerdict{}, false
	}
	return verdict, true
}

// signing is the hook with its key.
func (f *hookFilter) signing() (webhook.Hook, error) {
	hook := f.hook
	if f.secretFile == "" {
		return hook, nil
	}
	text, err := os.ReadFile(f.secretFile)
	if err != nil {
		return hook, errors.New("the key that its calls are signed with cannot be read")
	}
	hook.Secret, err = webhook.ParseSecret(string(text))
	return hook, err
}
