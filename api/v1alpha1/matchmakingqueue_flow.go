package v1alpha1

// Requeue decides on the players who accepted when another player declined.
//
// +kubebuilder:validation:Enum=KeepPosition;EndOfQueue;Leave
type Requeue string

// Decisions on the players who accepted.
const (
	// RequeueKeepPosition: they wait on with the time they had.
	RequeueKeepPosition Requeue = "KeepPosition"
	// RequeueEndOfQueue: the players wait again, behind all others.
	RequeueEndOfQueue Requeue = "EndOfQueue"
	// RequeueLeave: their tickets are cancelled.
	RequeueLeave Requeue = "Leave"
)

// BackfillPreference is the first use of a ticket.
//
// +kubebuilder:validation:Enum=Backfill;New
type BackfillPreference string

// What a ticket is used for first.
const (
	PreferBackfill BackfillPreference = "Backfill"
	PreferNew      BackfillPreference = "New"
)

// HandoffType is the kind of place of a match.
//
// +kubebuilder:validation:Enum=Lobby;Webhook;Agones
type HandoffType string

// The handoff types.
const (
	// HandoffLobby: into a lobby that is created for it.
	HandoffLobby HandoffType = "Lobby"
	// HandoffWebhook: to a service that answers with a connection.
	HandoffWebhook HandoffType = "Webhook"
	// HandoffAgones: to a game server that Agones allocates.
	HandoffAgones HandoffType = "Agones"
)

// Population is how exactly clients may know how many wait.
//
// +kubebuilder:validation:Enum=None;Band;Exact
type Population string

// How exactly clients may know how many wait.
const (
	PopulationNone Population = "None"
	// PopulationBand: low, medium or high.
	PopulationBand  Population = "Band"
	PopulationExact Population = "Exact"
)

// MatchTiming is the timing of the matcher and of tickets.
//
// +kubebuilder:validation:XValidation:rule="!has(self.interval) || !has(self.ticketTTL) || duration(self.interval) <= duration(self.ticketTTL)",message="interval must not exceed ticketTTL, or tickets expire unseen: lower interval or raise ticketTTL",fieldPath=".interval"
// +kubebuilder:validation:XValidation:rule="!has(self.preferFullFor) || !has(self.ticketTTL) || duration(self.preferFullFor) <= duration(self.ticketTTL)",message="preferFullFor must not exceed ticketTTL: lower preferFullFor or raise ticketTTL",fieldPath=".preferFullFor"
type MatchTiming struct {
	// Interval between two runs of the matcher.
	//
	// +optional
	// +kubebuilder:default="1s"
	Interval Duration `json:"interval,omitzero"`

	// TicketTTL is how long a ticket waits before it expires.
	//
	// +optional
	// +kubebuilder:default="10m"
	TicketTTL Duration `json:"ticketTTL,omitzero"`

	// PreferFullFor is how long only full teams are made, before fewer players (down
	// to each team's min) are enough.
	//
	// +optional
	// +kubebuilder:default="20s"
	PreferFullFor Duration `json:"preferFullFor,omitzero"`
}

// ReadyCheckSpec asks the players before a match is made.
type ReadyCheckSpec struct {
	// Enabled proposes each match; all its players must accept.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`

	// Timeout to answer; no answer is a decline.
	//
	// +optional
	// +kubebuilder:default="20s"
	Timeout Duration `json:"timeout,omitzero"`

	// DeclineCooldown is the time for which a player who declined may not queue again.
	//
	// +optional
	// +kubebuilder:default="30s"
	DeclineCooldown Duration `json:"declineCooldown,omitzero"`

	// Requeue decides on the other players: KeepPosition, EndOfQueue or Leave.
	//
	// +optional
	// +kubebuilder:default=KeepPosition
	Requeue Requeue `json:"requeue,omitempty"`
}

// BackfillSpec fills places that became free in running matches.
type BackfillSpec struct {
	// Enabled lets the host of a match's lobby ask for players (mm:backfill). Matches
	// that are handed to a service are not filled.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`

	// Prefer is the first use of a ticket: Backfill or New matches.
	//
	// +optional
	// +kubebuilder:default=Backfill
	Prefer BackfillPreference `json:"prefer,omitempty"`
}

// HandoffSpec gives a match its place.
//
// +kubebuilder:validation:XValidation:rule=`(self.type == 'Lobby') == has(self.lobbyPolicyRef)`,message="type Lobby needs lobbyPolicyRef, and the other types take none",fieldPath=".lobbyPolicyRef"
// +kubebuilder:validation:XValidation:rule=`(self.type == 'Lobby') != has(self.url)`,message="types Webhook and Agones need url, and Lobby takes none",fieldPath=".url"
// +kubebuilder:validation:XValidation:rule=`self.type != 'Lobby' || !has(self.secretRef)`,message="secretRef is for types Webhook and Agones: remove it",fieldPath=".secretRef"
type HandoffSpec struct {
	// Type is Lobby (a lobby is created), Webhook (a service is asked for a
	// connection) or Agones (a game server is allocated).
	//
	// +optional
	// +kubebuilder:default=Lobby
	Type HandoffType `json:"type,omitempty"`

	// LobbyPolicyRef names the LobbyPolicy of the lobby.
	//
	// +optional
	LobbyPolicyRef *LocalReference `json:"lobbyPolicyRef,omitempty"`

	// URL of the webhook or of the Agones allocator. https, or http for names inside
	// the Kubernetes cluster.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`isURL(self) && url(self).getHostname().size() > 0 && (url(self).getScheme() == 'https' || url(self).getScheme() == 'http' && (url(self).getHostname().endsWith('.svc') || url(self).getHostname().endsWith('.svc.cluster.local')))`,message="must be an https URL; http is only for names inside the Kubernetes cluster, such as http://games.default.svc/match"
	URL string `json:"url,omitempty"`

	// SecretRef is the key that calls are signed with (HMAC-SHA256) or, for Agones,
	// the PEM client certificate and key. Left out: none. The Secret needs the label
	// realtime.anteroom.dev/allow-policies: "true".
	//
	// +optional
	SecretRef *KeyReference `json:"secretRef,omitempty"`

	// Timeout until the handoff has failed and the tickets queue again.
	//
	// +optional
	// +kubebuilder:default="15s"
	Timeout Duration `json:"timeout,omitzero"`
}

// ExposeSpec decides what clients may learn about the queue.
type ExposeSpec struct {
	// Estimate shows a ticket its expected waiting time.
	//
	// +optional
	// +kubebuilder:default=true
	Estimate *bool `json:"estimate,omitempty"`

	// Population shows the number of waiting players: None, Band (low, medium, high) or Exact.
	//
	// +optional
	// +kubebuilder:default=None
	Population Population `json:"population,omitempty"`
}

// QueueLimits bound the queue.
type QueueLimits struct {
	// TicketsPerUser in this queue at once.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	TicketsPerUser int32 `json:"ticketsPerUser,omitempty"`

	// MaxTickets in the queue; further ones are refused with resource_exhausted.
	//
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=1000000
	MaxTickets int32 `json:"maxTickets,omitempty"`
}
