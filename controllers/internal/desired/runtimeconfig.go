package desired

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// RuntimeConfig returns the settings with which a server pod of the cluster starts.
func RuntimeConfig(c *v1alpha1.RealtimeCluster) *configv1.RuntimeConfig {
	out := &configv1.RuntimeConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1.APIVersion, Kind: configv1.KindRuntimeConfig},
		Cluster:  configv1.ClusterRef{Namespace: c.Namespace, Name: c.Name},
		Listen: configv1.Listen{
			Client: fmt.Sprintf(":%d", PortClient),
			Admin:  fmt.Sprintf(":%d", PortAdmin),
			Peer:   fmt.Sprintf(":%d", PortPeer),
		},
		Admin:         configv1.Admin{TokenFile: FileAdminToken},
		Engine:        engine(c.Spec.Engine),
		Redis:         redis(c),
		Auth:          auth(c.Spec.Auth),
		Drain:         drain(c.Spec.Drain),
		Recovery:      recovery(c.Spec.Recovery),
		Features:      features(c.Spec.Features),
		Presence:      presence(c.Spec.Features.Presence),
		Notifications: notifications(c.Spec.Features.Notifications),
		Observability: observability(c.Spec.Observability),
		Webhooks:      configv1.Webhooks(c.Spec.Webhooks),

		PolicySecretsDir: DirPolicySecrets,
	}
	if enabled(c.Spec.API.Enabled) {
		out.Listen.API = fmt.Sprintf(":%d", PortAPI)
		out.API = configv1.API{TokenFile: DirAPI + "/" + KeyToken, RedisEmitter: c.Spec.API.RedisEmitter}
	}
	return out
}

func engine(e v1alpha1.EngineSpec) configv1.Engine {
	out := configv1.Engine{
		Path:           e.Path,
		PingInterval:   duration(e.PingInterval),
		PingTimeout:    duration(e.PingTimeout),
		MaxPayload:     e.MaxPayload.Value(),
		UpgradeTimeout: duration(e.UpgradeTimeout),
		ConnectTimeout: duration(e.ConnectTimeout),
		AllowedOrigins: e.AllowedOrigins,
	}
	for _, t := range e.Transports {
		out.Transports = append(out.Transports, configv1.Transport(t))
	}
	return out
}

func drain(d v1alpha1.DrainSpec) configv1.Drain {
	return configv1.Drain{
		Settle:       duration(d.Settle),
		Window:       duration(d.Window),
		FlushTimeout: duration(d.FlushTimeout),
	}
}

func recovery(r v1alpha1.RecoverySpec) configv1.Recovery {
	return configv1.Recovery{
		HistorySize:    int(r.HistorySize),
		HistoryTTL:     duration(r.HistoryTTL),
		IdempotencyTTL: duration(r.IdempotencyTTL),
	}
}

func features(f v1alpha1.FeaturesSpec) configv1.Features {
	return configv1.Features{
		Chat:          enabled(f.Chat.Enabled),
		Lobby:         enabled(f.Lobby.Enabled),
		Matchmaking:   enabled(f.Matchmaking.Enabled),
		Presence:      enabled(f.Presence.Enabled),
		Notifications: enabled(f.Notifications.Enabled),
	}
}

func presence(p v1alpha1.PresenceSpec) configv1.Presence {
	return configv1.Presence{
		LeaseInterval: duration(p.LeaseInterval),
		LeaseTTL:      duration(p.LeaseTTL),
		AwayAfter:     duration(p.AwayAfter),
	}
}

func notifications(n v1alpha1.NotificationsSpec) configv1.Notifications {
	out := configv1.Notifications{
		Retention: duration(n.Retention), MaxPerUser: int(n.MaxPerUser), TopicScopes: n.TopicScopes,
		Chat: configv1.ChatNotifications{Direct: n.Chat.Direct, Mentions: n.Chat.Mentions},
	}
	if hook := n.OfflineWebhook; hook != nil {
		out.OfflineWebhook = &configv1.OfflineWebhook{URL: hook.URL, After: duration(hook.After)}
		if hook.SecretRef != nil {
			out.OfflineWebhook.SecretFile = FileOfflineWebhook
		}
	}
	return out
}

func observability(o v1alpha1.ObservabilitySpec) configv1.Observability {
	out := configv1.Observability{LogLevel: string(o.LogLevel), Playground: o.Playground}
	if t := o.Tracing; t != nil {
		ratio, _ := t.Ratio.Float64() // the API server has validated the ratio
		out.Tracing = &configv1.Tracing{Endpoint: t.Endpoint, Ratio: ratio}
	}
	return out
}

// enabled reads a switch that is on by default.
func enabled(set *bool) bool { return set == nil || *set }

func duration(d v1alpha1.Duration) metav1.Duration {
	return metav1.Duration{Duration: d.Duration}
}
