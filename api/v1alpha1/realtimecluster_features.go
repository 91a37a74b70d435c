package v1alpha1

// FeaturesSpec switches domains on and off. Requests of a domain that is off get the error
// not_found.
type FeaturesSpec struct {
	// Chat in lobbies and channels.
	//
	// +optional
	// +kubebuilder:default={}
	Chat FeatureSpec `json:"chat,omitzero"`

	// Lobby: rooms with members, state and a host.
	//
	// +optional
	// +kubebuilder:default={}
	Lobby FeatureSpec `json:"lobby,omitzero"`

	// Matchmaking through MatchmakingQueues.
	//
	// +optional
	// +kubebuilder:default={}
	Matchmaking FeatureSpec `json:"matchmaking,omitzero"`

	// Presence: who is online and what they do.
	//
	// +optional
	// +kubebuilder:default={}
	Presence PresenceSpec `json:"presence,omitzero"`

	// Notifications: an inbox for each user.
	//
	// +optional
	// +kubebuilder:default={}
	Notifications NotificationsSpec `json:"notifications,omitzero"`
}

// FeatureSpec turns a domain on or off.
type FeatureSpec struct {
	// Enabled says whether the domain is served.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`
}

// PresenceSpec are the options of presence.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.leaseTTL) || !has(self.leaseInterval) || duration(self.leaseTTL) >= duration(self.leaseInterval) + duration(self.leaseInterval)`,message="leaseTTL must be at least twice leaseInterval, so that one lost renewal does no harm: raise leaseTTL or lower leaseInterval",fieldPath=".leaseTTL"
type PresenceSpec struct {
	// Enabled says whether presence is served.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// LeaseInterval is how often a pod renews its lease on its users.
	//
	// +optional
	// +kubebuilder:default="5s"
	LeaseInterval Duration `json:"leaseInterval,omitzero"`

	// LeaseTTL is after how long without renewal a pod's users are offline.
	//
	// +optional
	// +kubebuilder:default="15s"
	LeaseTTL Duration `json:"leaseTTL,omitzero"`

	// AwayAfter is how long without activity makes a user away.
	//
	// +optional
	// +kubebuilder:default="5m"
	AwayAfter Duration `json:"awayAfter,omitzero"`
}

// NotificationsSpec are the options of notifications.
type NotificationsSpec struct {
	// Enabled says whether notifications are served.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// Retention is how long a notification is kept; the default is 30 days.
	//
	// +optional
	// +kubebuilder:default="720h"
	Retention Duration `json:"retention,omitzero"`

	// MaxPerUser bounds the notifications stored for a user; the oldest are removed first.
	//
	// +optional
	// +kubebuilder:default=500
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxPerUser int32 `json:"maxPerUser,omitempty"`

	// OfflineWebhook is called for users who are offline, to push to their phones for
	// example. Left out: no calls.
	//
	// +optional
	OfflineWebhook *OfflineWebhook `json:"offlineWebhook,omitempty"`

	// TopicScopes lets users subscribe to a topic only with the scope notify:topic:{name} or
	// notify:topic:* in their token. Otherwise every user may subscribe to every topic.
	//
	// +optional
	// +kubebuilder:default=false
	TopicScopes bool `json:"topicScopes,omitempty"`

	// Chat puts messages for users who are offline into their inboxes, one notification a
	// channel.
	//
	// +optional
	// +kubebuilder:default={}
	Chat ChatNotifications `json:"chat,omitzero"`
}

// ChatNotifications says of which messages an offline user is notified. All are off by
// default, because each notification may call the offline webhook.
type ChatNotifications struct {
	// Direct is messages in direct channels: chat.direct.
	//
	// +optional
	// +kubebuilder:default=false
	Direct bool `json:"direct,omitempty"`

	// Mentions is messages that mention the user: chat.mention.
	//
	// +optional
	// +kubebuilder:default=false
	Mentions bool `json:"mentions,omitempty"`
}

// OfflineWebhook is called when a notification finds its user offline.
type OfflineWebhook struct {
	// URL gets a POST with the notification. https, or http for names inside the
	// Kubernetes cluster.
	//
	// +required
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`isURL(self) && url(self).getHostname().size() > 0 && (url(self).getScheme() == 'https' || url(self).getScheme() == 'http' && (url(self).getHostname().endsWith('.svc') || url(self).getHostname().endsWith('.svc.cluster.local')))`,message="must be an https URL; http is only for names inside the Kubernetes cluster, such as http://push.default.svc/notify"
	URL string `json:"url"`

	// SecretRef is the key that calls are signed with (HMAC-SHA256). Left out: not signed.
	//
	// +optional
	SecretRef *KeyReference `json:"secretRef,omitempty"`

	// After is how long a user must have been offline.
	//
	// +optional
	// +kubebuilder:default="10s"
	After Duration `json:"after,omitzero"`
}

// RecoverySpec bounds the events that a client can recover after an interruption.
type RecoverySpec struct {
	// HistorySize is how many events each stream keeps for clients that come back.
	//
	// +optional
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	HistorySize int32 `json:"historySize,omitempty"`

	// HistoryTTL is how long they are kept after the last one.
	//
	// +optional
	// +kubebuilder:default="10m"
	HistoryTTL Duration `json:"historyTTL,omitzero"`

	// IdempotencyTTL is how long the answer to a request with a key is remembered, so
	// that a retry has no second effect.
	//
	// +optional
	// +kubebuilder:default="5m"
	IdempotencyTTL Duration `json:"idempotencyTTL,omitzero"`
}

// APISpec is the HTTP API for other back ends.
type APISpec struct {
	// Enabled says whether the API is served, inside the Kubernetes cluster only.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// TokenSecretRef is a Secret's key with the bearer token. Left out: the operator
	// makes one in the Secret `<cluster>-api`.
	//
	// +optional
	TokenSecretRef *KeyReference `json:"tokenSecretRef,omitempty"`

	// RedisEmitter delivers what other back ends publish through the stock Socket.IO
	// Redis emitters, such as @socket.io/redis-emitter, to clients that are connected.
	// Whoever may publish in that Redis may then emit. It needs redis.mode External.
	//
	// +optional
	// +kubebuilder:default=false
	RedisEmitter bool `json:"redisEmitter,omitempty"`
}
