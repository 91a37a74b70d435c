package v1alpha1

// LobbyAttributeType is the type of an attribute's value.
//
// +kubebuilder:validation:Enum=String;Number;Boolean
type LobbyAttributeType string

// The attribute types.
const (
	LobbyAttributeString  LobbyAttributeType = "String"
	LobbyAttributeNumber  LobbyAttributeType = "Number"
	LobbyAttributeBoolean LobbyAttributeType = "Boolean"
)

// WritableBy decides who may write an attribute.
//
// +kubebuilder:validation:Enum=Host;Member;Server
type WritableBy string

// Who may write an attribute.
const (
	// WritableByHost: the lobby's host.
	WritableByHost WritableBy = "Host"
	// WritableByMember: each member, for itself.
	WritableByMember WritableBy = "Member"
	// WritableByServer: only the server API.
	WritableByServer WritableBy = "Server"
)

// AttributeVisibility decides who may see an attribute.
//
// +kubebuilder:validation:Enum=Public;Members;Server
type AttributeVisibility string

// Who may see an attribute.
const (
	// AttributePublic: anyone who finds the lobby.
	AttributePublic AttributeVisibility = "Public"
	// AttributeMembers: members and spectators.
	AttributeMembers AttributeVisibility = "Members"
	// AttributeServer: only the server API.
	AttributeServer AttributeVisibility = "Server"
)

// LobbyAttribute declares a value that a lobby (writableBy Host or Server) or a
// member (writableBy Member) may carry.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.min) || !has(self.max) || double(self.min) <= double(self.max)`,message="min must not exceed max: lower min or raise max",fieldPath=".min"
// +kubebuilder:validation:XValidation:rule=`self.type == 'Number' || (!has(self.min) && !has(self.max))`,message="min and max are for type Number: remove them or set type: Number",fieldPath=".type"
// +kubebuilder:validation:XValidation:rule=`self.type == 'String' || (!has(self.maxLength) && !has(self.enum))`,message="enum and maxLength are for type String: remove them or set type: String",fieldPath=".type"
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || self.type != 'Number' || self.default.matches('^-?[0-9]{1,12}([.][0-9]{1,6})?$') && (!has(self.min) || double(self.default) >= double(self.min)) && (!has(self.max) || double(self.default) <= double(self.max))`,message="default must be a number from min to max, in quotes, such as \"5\"",fieldPath=".default"
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || self.type != 'Boolean' || self.default in ['true', 'false']`,message="default of a Boolean must be \"true\" or \"false\", in quotes",fieldPath=".default"
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || !has(self.enum) || self.default in self.enum`,message="default must be one of enum: add it to enum or choose another default",fieldPath=".default"
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || !has(self.maxLength) || self.default.size() <= self.maxLength`,message="default is longer than maxLength: shorten it or raise maxLength",fieldPath=".default"
// +kubebuilder:validation:XValidation:rule=`!self.searchable || self.visibility == 'Public'`,message="a searchable attribute must be public, since a search tells its value: set visibility: Public",fieldPath=".visibility"
type LobbyAttribute struct {
	// Key of the attribute.
	//
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[A-Za-z_][A-Za-z0-9_.-]*$')`,message="must begin with a letter or '_' and hold letters, digits, '_', '.' and '-', such as gameMode"
	Key string `json:"key"`

	// Type of the value: String, Number or Boolean.
	//
	// +optional
	// +kubebuilder:default=String
	Type LobbyAttributeType `json:"type,omitempty"`

	// Enum are the only values a String may have.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=128
	Enum []string `json:"enum,omitempty"`

	// Min is the least value of a Number; a fraction in quotes.
	//
	// +optional
	Min Decimal `json:"min,omitempty"`

	// Max is the largest value of a Number; a fraction in quotes.
	//
	// +optional
	Max Decimal `json:"max,omitempty"`

	// MaxLength of a String in code points. Left out: attributeLimits.bytes alone holds.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	MaxLength *int32 `json:"maxLength,omitempty"`

	// WritableBy decides who may write it: Host, Member (each for itself) or Server.
	//
	// +optional
	// +kubebuilder:default=Host
	WritableBy WritableBy `json:"writableBy,omitempty"`

	// Visibility decides who may see it: Public, Members or Server.
	//
	// +optional
	// +kubebuilder:default=Members
	Visibility AttributeVisibility `json:"visibility,omitempty"`

	// Searchable lets lobby:search filter and sort by it; it must be Public.
	//
	// +optional
	// +kubebuilder:default=false
	Searchable bool `json:"searchable,omitempty"`

	// Default is the value at creation, always as a string: "ctf", "5", "true".
	// Left out: none.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Default *string `json:"default,omitempty"`
}

// AttributeLimits bound the attributes of a lobby, and of each member, together.
type AttributeLimits struct {
	// Keys is how many there may be.
	//
	// +optional
	// +kubebuilder:default=30
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	Keys int32 `json:"keys,omitempty"`

	// Bytes that their keys and values may take as JSON.
	//
	// +optional
	// +kubebuilder:default=4096
	// +kubebuilder:validation:Minimum=64
	// +kubebuilder:validation:Maximum=65536
	Bytes int32 `json:"bytes,omitempty"`
}

// ModerationRules lists the measures of a host and of the members against a member.
type ModerationRules struct {
	// Kick lets the host remove members.
	//
	// +optional
	// +kubebuilder:default=true
	Kick *bool `json:"kick,omitempty"`

	// BanTTL is the time for which a kicked or banned user may not rejoin. Left
	// out: a kicked user may rejoin at once, and a ban lasts as long as the lobby.
	//
	// +optional
	BanTTL *Duration `json:"banTTL,omitempty"`

	// VoteKick lets the members remove a member by vote.
	//
	// +optional
	// +kubebuilder:default={}
	VoteKick VoteKickRules `json:"voteKick,omitzero"`
}

// VoteKickRules lets the members remove a member by vote.
type VoteKickRules struct {
	// Enabled lets members vote.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`

	// Ratio of the other members who must agree, above 0 and at most 1; a fraction in quotes.
	//
	// +optional
	// +kubebuilder:default="0.6"
	// +kubebuilder:validation:XValidation:rule=`double(self) > 0.0 && double(self) <= 1.0`,message="must be above 0 and at most 1, such as \"0.6\""
	Ratio Decimal `json:"ratio,omitempty"`
}

// LifecycleRules is when a lobby or a membership ends by itself.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.idleTimeout) || !has(self.maxLifetime) || duration(self.idleTimeout) <= duration(self.maxLifetime)`,message="idleTimeout must not exceed maxLifetime: lower idleTimeout or raise maxLifetime",fieldPath=".idleTimeout"
type LifecycleRules struct {
	// IdleTimeout closes a lobby in which nothing happened for so long.
	//
	// +optional
	// +kubebuilder:default="15m"
	IdleTimeout Duration `json:"idleTimeout,omitzero"`

	// EmptyTimeout closes a lobby that had no connected member for so long.
	//
	// +optional
	// +kubebuilder:default="60s"
	EmptyTimeout Duration `json:"emptyTimeout,omitzero"`

	// MaxLifetime closes any lobby.
	//
	// +optional
	// +kubebuilder:default="12h"
	MaxLifetime Duration `json:"maxLifetime,omitzero"`

	// DisconnectGrace is how long a member whose connection dropped stays a member.
	//
	// +optional
	// +kubebuilder:default="30s"
	DisconnectGrace Duration `json:"disconnectGrace,omitzero"`
}

// SearchRules is how lobbies of a type are found.
type SearchRules struct {
	// Enabled lets clients search public lobbies of this type.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// MaxResults of one page.
	//
	// +optional
	// +kubebuilder:default=50
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxResults int32 `json:"maxResults,omitempty"`
}
