package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/lobby"
	"github.com/anteroom/anteroom/runtime/internal/notify"
	"github.com/anteroom/anteroom/runtime/internal/presence"
	"github.com/anteroom/anteroom/runtime/internal/redisstore"
	"github.com/anteroom/anteroom/runtime/internal/webhook"
)

func (a *App) newNotify(client *redisstore.Client, users *presence.Service) *notify.Service {
	c := a.settings.config
	n := c.Notifications
	rules := notify.Rules{MaxPerUser: n.MaxPerUser, Retention: n.Retention.Duration}
	ports := notify.Ports{
		Store: client.Store(), Names: client.Names(), Sets: client.Sets(), Deadlines: client.Deadlines(), Away: away(users),
	}
	if n.OfflineWebhook != nil {
		rules.CallAfter = n.OfflineWebhook.After.Duration
		ports.Call = a.offlineWebhook(*n.OfflineWebhook)
	}
	return notify.NewService(ports, notify.Settings{
		Rules: rules, HistorySize: c.Recovery.HistorySize, HistoryTTL: c.Recovery.HistoryTTL.Duration,
		IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration,
	})
}

// offlineWebhook calls the webhook of users who are away. The key is read for each
// call, so that it may be renewed.
func (a *App) offlineWebhook(hook v1alpha1.OfflineWebhook) func(ctx context.Context, id string, body []byte) error {
	call := func(ctx context.Context, id string, body []byte) error {
		var secret []byte
		if hook.SecretFile != "" {
			text, err := os.ReadFile(hook.SecretFile)
			if err != nil {
				return fmt.Errorf("read the key of the offline webhook: %w", err)
			}
			if secret, err = webhook.ParseSecret(string(text)); err != nil {
				return err
			}
		}
		_, err := webhook.Hook{URL: hook.URL, Secret: secret}.Post(ctx, webhook.Call{ID: id, At: time.Now(), Body: body})
		return err
	}
	return func(ctx context.Context, id string, body []byte) error {
		err := call(ctx, id, body)
		if err != nil {
			a.log.WarnContext(ctx, "the offline webhook was not reached", "id", id, "error", err)
		}
		return err
	}
}

// notices turns what lobbies want users to know into notifications; it is a
// lobby.Notifier.
type notices struct{ inbox *notify.Service }

// Notify implements lobby.Notifier.
func (n notices) Notify(ctx context.Context, userID string, notice lobby.Notice) error {
	data, err := json.Marshal(map[string]string{
		"lobbyId": notice.LobbyID, "lobbyName": notice.LobbyName, "lobbyType": notice.LobbyType,
		"fromId": notice.FromID, "fromName": notice.FromName, "inviteId": notice.InviteID, "message": notice.Message,
	})
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	out := notify.Notification{Key: notice.ID, Type: "lobby." + string(notice.Kind), Data: data}
	if notice.ExpiresAt > 0 {
		out.TTL = max(time.Until(time.UnixMilli(notice.ExpiresAt)), time.Second)
	}
	_, err = n.inbox.Notify(ctx, userID, out)
	return err
}
