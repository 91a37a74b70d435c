package v1alpha1

// Visibility decides who may find and see a lobby.
//
// +kubebuilder:validation:Enum=Public;Friends;Private
type Visibility string

// The visibilities.
const (
	// VisibilityPublic: anyone may find it.
	VisibilityPublic Visibility = "Public"
	// VisibilityFriends: as Private, for friends. Who is a friend is for the game to know:
	// members invite them, or pass the code on; servers know of no friendships.
	VisibilityFriends Visibility = "Friends"
	// VisibilityPrivate: only with the code or an invitation.
	VisibilityPrivate Visibility = "Private"
)

// HostMigration selects the next host.
//
// +kubebuilder:validation:Enum=OldestConnected;Random;None
type HostMigration string

// The ways of host migration.
const (
	MigrateOldestConnected HostMigration = "OldestConnected"
	MigrateRandom          HostMigration = "Random"
	// MigrateNone: a lobby without its host closes.
	MigrateNone HostMigration = "None"
)

// OnLeave is the action when the host leaves on purpose.
//
// +kubebuilder:validation:Enum=Migrate;Close
type OnLeave string

// What happens when the host leaves on purpose.
const (
	OnLeaveMigrate OnLeave = "Migrate"
	OnLeaveClose   OnLeave = "Close"
)

// LobbySize is how many may be in a lobby.
//
// +kubebuilder:validation:XValidation:rule="!has(self.min) || !has(self.max) || self.min <= self.max",message="min must not exceed max: lower min or raise max",fieldPath=".min"
type LobbySize struct {
	// Min is how many members a start needs, and the least that a creator may choose
	// as the lobby's maxMembers.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Min int32 `json:"min,omitempty"`

	// Max is the most that a creator may choose, and what a lobby has without a choice.
	//
	// +optional
	// +kubebuilder:default=8
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Max int32 `json:"max,omitempty"`

	// Spectators is how many users may watch in addition to the members.
	//
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Spectators int32 `json:"spectators,omitempty"`
}

// VisibilityRules decides who may find and see a lobby.
//
// +kubebuilder:validation:XValidation:rule="!has(self.default) || !has(self.allowed) || self.default in self.allowed",message="default must be one of allowed: add it to allowed or choose another default",fieldPath=".default"
type VisibilityRules struct {
	// Default is the visibility of a lobby whose creator names none.
	//
	// +optional
	// +kubebuilder:default=Public
	Default Visibility `json:"default,omitempty"`

	// Allowed are the visibilities that a creator may choose. Public: anybody finds and joins the
	// lobby. Private: the lobby is not listed; an invite of a member or the join code lets users
	// in. Friends: as Private, and marked for friends; the game knows the friends of a user and
	// invites them.
	//
	// +optional
	// +listType=set
	// +kubebuilder:default={Public, Friends, Private}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	Allowed []Visibility `json:"allowed,omitempty"`
}

// JoinRules are the ways into a lobby.
type JoinRules struct {
	// Code is a short code to pass on to friends.
	//
	// +optional
	// +kubebuilder:default={}
	Code JoinCode `json:"code,omitzero"`

	// Password that a creator may set.
	//
	// +optional
	// +kubebuilder:default={}
	Password JoinPassword `json:"password,omitzero"`

	// Requests lets users ask to be let in.
	//
	// +optional
	// +kubebuilder:default=false
	Requests bool `json:"requests,omitempty"`

	// LateJoin lets users join after the start.
	//
	// +optional
	// +kubebuilder:default=false
	LateJoin bool `json:"lateJoin,omitempty"`

	// LateSpectators lets spectators join after the start, also where lateJoin does not let
	// players.
	//
	// +optional
	// +kubebuilder:default=false
	LateSpectators bool `json:"lateSpectators,omitempty"`

	// ChangeRole lets a spectator become a player where there is room, and a player a
	// spectator, without leaving. While the match runs, what lateJoin and lateSpectators
	// say of users who join holds for it too.
	//
	// +optional
	// +kubebuilder:default=true
	ChangeRole *bool `json:"changeRole,omitempty"`

	// MaxPerUser is how many lobbies of this type a user may be in at once.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxPerUser int32 `json:"maxPerUser,omitempty"`
}

// JoinCode is a short code to pass on to friends.
type JoinCode struct {
	// Enabled gives every lobby a code.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// Length of the code: so many characters.
	//
	// +optional
	// +kubebuilder:default=6
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=12
	Length int32 `json:"length,omitempty"`

	// TTL of a code; a host may ask for a new one. Left out: as long as the lobby.
	//
	// +optional
	TTL *Duration `json:"ttl,omitempty"`
}

// JoinPassword says whether a lobby may have a password.
type JoinPassword struct {
	// Allowed lets a creator set a password.
	//
	// +optional
	// +kubebuilder:default=false
	Allowed bool `json:"allowed,omitempty"`

	// MinLength of a password in code points.
	//
	// +optional
	// +kubebuilder:default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	MinLength int32 `json:"minLength,omitempty"`
}

// HostRules decides on the host's role.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.migration) || self.migration != 'None' || (has(self.onLeave) && self.onLeave == 'Close')`,message="with migration None nobody follows the host: set onLeave: Close",fieldPath=".onLeave"
type HostRules struct {
	// Migration selects the next host when the host is gone: OldestConnected, Random
	// or None (the lobby closes).
	//
	// +optional
	// +kubebuilder:default=OldestConnected
	Migration HostMigration `json:"migration,omitempty"`

	// Grace is how long a host whose connection dropped keeps the role.
	//
	// +optional
	// +kubebuilder:default="10s"
	Grace Duration `json:"grace,omitzero"`

	// OnLeave is the action when the host leaves on purpose: Migrate or Close.
	//
	// +optional
	// +kubebuilder:default=Migrate
	OnLeave OnLeave `json:"onLeave,omitempty"`

	// EndMatch lets the host end the running match, so that the lobby can play another round
	// without a back end. Set it to false where a back end alone decides when a match is over.
	//
	// +optional
	// +kubebuilder:default=true
	EndMatch *bool `json:"endMatch,omitempty"`
}

// ReadyRules is the ready check before a start.
//
// +kubebuilder:validation:XValidation:rule="!has(self.autoStart) || !self.autoStart || (has(self.required) && self.required)",message="autoStart starts when all are ready: set required: true as well",fieldPath=".autoStart"
type ReadyRules struct {
	// Required refuses a start until enough members are ready.
	//
	// +optional
	// +kubebuilder:default=false
	Required bool `json:"required,omitempty"`

	// MinPercent of the members that must be ready.
	//
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MinPercent int32 `json:"minPercent,omitempty"`

	// AutoStart begins the countdown as soon as enough members are ready.
	//
	// +optional
	// +kubebuilder:default=false
	AutoStart bool `json:"autoStart,omitempty"`

	// Countdown from the start to the match, during which the start can be cancelled.
	//
	// +optional
	// +kubebuilder:default="5s"
	Countdown Duration `json:"countdown,omitzero"`

	// ClearOnChange takes back everyone's ready when members come, go or change teams,
	// or the host changes the lobby's size or attributes.
	//
	// +optional
	// +kubebuilder:default=true
	ClearOnChange *bool `json:"clearOnChange,omitempty"`
}

// TeamRules divide the members into teams.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minSize) || self.minSize <= self.size",message="minSize must not exceed size: lower minSize or raise size",fieldPath=".minSize"
type TeamRules struct {
	// Count of teams.
	//
	// +required
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=64
	Count int32 `json:"count"`

	// Size is how many members a team holds.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Size int32 `json:"size"`

	// MinSize is how many members each team needs for a start; 0 means that a team may be empty.
	//
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=500
	MinSize int32 `json:"minSize,omitempty"`

	// CompleteAtStart refuses a start while a player is in no team.
	//
	// +optional
	// +kubebuilder:default=true
	CompleteAtStart *bool `json:"completeAtStart,omitempty"`

	// FixedInMatch keeps players in their teams while the match runs.
	//
	// +optional
	// +kubebuilder:default=true
	FixedInMatch *bool `json:"fixedInMatch,omitempty"`

	// AutoBalance puts a member who names no team into the smallest team.
	//
	// +optional
	// +kubebuilder:default=true
	AutoBalance *bool `json:"autoBalance,omitempty"`
}
