package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

func (a *App) newNotify(client *redisstore.Client, users *presence.Service) *notify.Service {
	c := a.settings.config
	n := c.Notifications
	rules := notify.Rules{MaxPerUser: n.MaxPerUser, Retention: n.Retention.Duration}
	ports := notify.Ports{
		Store: client.Store(), Names: client.Names(), Sets: client.Sets(), Deadlines: client.Deadlines(), Connections: away(users),
	}
	if n.OfflineWebhook != nil {
		rules.CallAfter = n.OfflineWebhook.After.Duration
		ports.Call = a.offlineWebhook(*n.OfflineWebhook)
	}
	return notify.NewService(ports, notify.Settings{
		Rules: rules, HistorySize: c.Recovery.HistorySize, HistoryTTL: c.Recovery.HistoryTTL.Duration,
		IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration, TopicScopes: n.TopicScopes,
	})
}

// pushTo gives an event to one session of this server.
func pushTo(sessions *session.Manager) func(sessionID, event string, payload json.RawMessage) {
	return func(sessionID, event string, payload json.RawMessage) {
		sessions.Emit(session.Emission{Event: event, Args: payload, To: []session.Audience{{Session: sessionID}}})
	}
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
		_, err := webhook.Hook{URL: hook.URL, Secret: secret, Client: a.settings.hooks.client()}.Post(ctx, webhook.Call{ID: id, At: time.Now(), Body: body})
		return declined(err)
	}
	return func(ctx context.Context, id string, body []byte) error {
		err := call(ctx, id, body)
		if err != nil {
			var answer *notify.Declined
			final := errors.As(err, &answer) && answer.Final
			a.log.WarnContext(ctx, "the offline webhook did not take a notification", "id", id, "final", final, "error", err)
		}
		return err
	}
}

// declined makes an answer of the webhook one of a *notify.Declined.
func declined(err error) error {
	var status *webhook.StatusError
	if !errors.As(err, &status) {
		return err
	}
	return &notify.Declined{Final: !status.Temporary(), RetryAfter: status.RetryAfter, Err: err}
}

// notices turns what lobbies, parties and queues want users to know into
// notifications; it is a lobby.Events.
type notices struct {
	inbox *notify.Service
	away  func(ctx context.Context, userID string) (notify.Connections, error)
	log   *slog.Logger
}

// Notify implements lobby.Events.
func (n notices) Notify(ctx context.Context, userID string, notice lobby.Notice) error {
	data, err := json.Marshal(map[string]string{
		"lobbyId": notice.LobbyID, "lobbyName": notice.LobbyName, "lobbyType": notice.LobbyType,
		"fromId": notice.FromID, "fromName": notice.FromName, "inviteId": notice.InviteID, "message": notice.Message,
	})
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	out := notify.Notification{Key: notice.ID, Type: "lobby." + string(notice.Kind), Data: data, ByUser: notice.FromID}
	if out.ByUser == "" {
		out.ByUser = notice.LobbyID // a vote of the players
	}
	out.CollapseKey = collapse(out.Type, notice.LobbyID, out.ByUser)
	if notice.ExpiresAt > 0 {
		out.TTL = max(time.Until(time.UnixMilli(notice.ExpiresAt)), time.Second)
	}
	_, err = n.inbox.Notify(ctx, userID, out)
	return err
}

// inviteToParty notifies a user that it is asked into a party.
func (n notices) inviteToParty(ctx context.Context, userID string, i wire.PartyInvited) {
	n.send(ctx, userID, notify.Notification{
		Key: fmt.Sprintf("%s/%d", i.InviteID, i.ExpiresAt), Type: "party.invited",
		ByUser: i.FromID, CollapseKey: collapse("party.invited", i.PartyID, i.FromID),
		TTL: max(time.Until(time.UnixMilli(i.ExpiresAt)), time.Second),
	}, map[string]string{"partyId": i.PartyID, "inviteId": i.InviteID, "fromId": i.FromID, "fromName": i.FromName})
}

// collapse is the key under which notices of a user about the same lobby or party take the
// place of each other.
func collapse(kind, group, user string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + group + "\x00" + user))
	return kind + ":" + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// matchFor is how long the notification of a match matters.
const matchFor = 2 * time.Minute

// matched notifies the offline players of their match, once for an id.
func (n notices) matched(ctx context.Context, id string, userIDs []string, m wire.MMMatched) error {
	data, err := json.Marshal(map[string]string{
		"matchId": m.MatchID, "queue": m.Queue, "lobbyId": m.Handoff.LobbyID, "address": m.Handoff.Address,
	})
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	for _, user := range userIDs {
		away, err := n.away(ctx, user)
		if err == nil && !away.Online { // who is there has been told
			_, err = n.inbox.Notify(ctx, user, notify.Notification{Key: id, Type: "mm.matched", Data: data, TTL: matchFor})
		}
		if wire.CodeOf(err) != "" {
			n.log.WarnContext(ctx, "a user is not notified", "type", "mm.matched", "error", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// send notifies a user of what nothing else depends on.
func (n notices) send(ctx context.Context, userID string, out notify.Notification, data map[string]string) {
	var err error
	if out.Data, err = json.Marshal(data); err == nil {
		_, err = n.inbox.Notify(ctx, userID, out)
	}
	if err != nil {
		n.log.WarnContext(ctx, "a user is not notified", "type", out.Type, "error", err)
	}
}
