package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

// chatFilters makes the filters of a policy. The words of ConfigMaps come with the
// policies, where the operator puts them among the others; secrets is the folder with
// the keys that webhooks' calls are signed with.
func chatFilters(policy v1alpha1.LobbyPolicy, secrets string, hooks *hooks, log *slog.Logger) []chat.Filter {
	filters := make([]chat.Filter, 0, len(policy.Spec.Chat.Filters))
	for _, r := range policy.Spec.Chat.Filters {
		mask := r.Action == realtime.FilterMask
		if r.Type == realtime.FilterWordList {
			if r.WordsConfigMapRef != nil {
				log.Warn("the words of a chat filter's ConfigMap did not come with the policy", "policy", policy.Name)
			}
			filters = append(filters, text.NewWordList(r.Words, mask, lookalikes(r.Lookalikes)))
			continue
		}
		f := &hookFilter{
			hook: webhook.Hook{URL: r.URL, Timeout: r.Timeout.Duration, Client: hooks.client()}, mask: mask,
			allow: r.FailurePolicy == realtime.FilterFailureAllow, policy: policy.Name, log: log,
		}
		if r.SecretRef != nil {
			f.secretFile = filepath.Join(secrets, v1alpha1.PolicySecretFile(*r.SecretRef))
		}
		filters = append(filters, f)
	}
	return filters
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

// hookCall is what the service is told.
type hookCall struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      hookDraft `json:"data"`
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
		return "", wire.Invalid("text", f.reason(verdict))
	case verdict.Text != nil && fits(*verdict.Text, d.Text):
		return *verdict.Text, nil
	}
	return strings.Repeat("*", utf8.RuneCountInString(d.Text)), nil
}

// fits tells whether a text may stand for another: a filter does not make it longer
// than twice, or empty.
func fits(text, instead string) bool {
	return strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= 2*utf8.RuneCountInString(instead)
}

func (f *hookFilter) reason(v hookVerdict) string {
	const most = 200
	if v.Reason == "" || len(v.Reason) > most {
		return "is not allowed in this channel"
	}
	return v.Reason
}

// ask asks the service; false when it could not be asked or understood.
func (f *hookFilter) ask(ctx context.Context, d chat.Draft) (hookVerdict, bool) {
	hook, err := f.signing()
	if err != nil {
		f.log.Warn("a chat filter could not be asked", "policy", f.policy, "error", err)
		return hookVerdict{}, false
	}
	now := time.Now()
	body, err := json.Marshal(hookCall{Type: "chat.message", Timestamp: now.UTC(), Data: hookDraft{
		ID: d.ID, Channel: d.Channel, UserID: d.UserID, Name: d.Name, Type: d.Type, Text: d.Text, Data: d.Data,
	}})
	if err != nil {
		f.log.Error("a message cannot be encoded for a chat filter", "policy", f.policy, "error", err)
		return hookVerdict{}, false
	}
	var verdict hookVerdict
	answer, err := hook.Post(ctx, webhook.Call{ID: d.ID, At: now, Body: body})
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
