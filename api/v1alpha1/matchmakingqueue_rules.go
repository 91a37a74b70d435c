package v1alpha1

// TicketAttributeType is the type of a ticket's attribute.
//
// +kubebuilder:validation:Enum=Number;String;Boolean;StringSet
type TicketAttributeType string

// The ticket attribute types.
const (
	TicketNumber    TicketAttributeType = "Number"
	TicketString    TicketAttributeType = "String"
	TicketBoolean   TicketAttributeType = "Boolean"
	TicketStringSet TicketAttributeType = "StringSet"
)

// AttributeSource is where a ticket's attribute comes from.
//
// +kubebuilder:validation:Enum=Ticket;Token
type AttributeSource string

// The sources of attributes.
const (
	// SourceTicket: the client says it in mm:enqueue.
	SourceTicket AttributeSource = "Ticket"
	// SourceToken: a claim of the client's token, which it cannot forge.
	SourceToken AttributeSource = "Token"
)

// MatchRuleType is how a rule judges a match.
//
// +kubebuilder:validation:Enum=Distance;Equality;SetOverlap;Latency;TeamBalance
type MatchRuleType string

// The rule types.
const (
	// RuleDistance: the players' numbers differ by at most value.
	RuleDistance MatchRuleType = "Distance"
	// RuleEquality: the players' values are the same.
	RuleEquality MatchRuleType = "Equality"
	// RuleSetOverlap: the players' sets share at least value members.
	RuleSetOverlap MatchRuleType = "SetOverlap"
	// RuleLatency: there is a region to which every player has at most value milliseconds.
	RuleLatency MatchRuleType = "Latency"
	// RuleTeamBalance: the teams' averages differ by at most value.
	RuleTeamBalance MatchRuleType = "TeamBalance"
)

// MatchTeam is one team of a match.
//
// +kubebuilder:validation:XValidation:rule="self.min <= self.max",message="min must not exceed max: lower min or raise max",fieldPath=".min"
type MatchTeam struct {
	// Name of the team.
	//
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be a-z, 0-9 and '-', such as red"
	Name string `json:"name"`

	// Min is the least number of players.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Min int32 `json:"min"`

	// Max is the largest number of players.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Max int32 `json:"max"`
}

// PartyRules restricts the accepted parties.
type PartyRules struct {
	// Max is the largest party that may queue. Left out: the largest team's max.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Max *int32 `json:"max,omitempty"`

	// MixSizes lets parties of different sizes, and single players, meet.
	//
	// +optional
	// +kubebuilder:default=true
	MixSizes *bool `json:"mixSizes,omitempty"`
}

// TicketAttribute is a value of a ticket that rules may use.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || self.type != 'Number' || self.default.matches('^-?[0-9]{1,12}([.][0-9]{1,6})?$')`,message="default of a Number must be a number in quotes, such as \"1500\"",fieldPath=".default"
// +kubebuilder:validation:XValidation:rule=`!has(self.default) || self.type != 'Boolean' || self.default in ['true', 'false']`,message="default of a Boolean must be \"true\" or \"false\", in quotes",fieldPath=".default"
type TicketAttribute struct {
	// Name of the attribute; with source Token also the claim's.
	//
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[A-Za-z_][A-Za-z0-9_.-]*$')`,message="must begin with a letter or '_' and hold letters, digits, '_', '.' and '-', such as skill"
	Name string `json:"name"`

	// Type of the value: Number, String, Boolean or StringSet.
	//
	// +optional
	// +kubebuilder:default=Number
	Type TicketAttributeType `json:"type,omitempty"`

	// Source is Ticket (sent by the client) or Token (a claim, which the client cannot forge).
	//
	// +optional
	// +kubebuilder:default=Ticket
	Source AttributeSource `json:"source,omitempty"`

	// Default for tickets without it, always as a string; the members of a StringSet
	// with commas between. Left out: such tickets are refused.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Default *string `json:"default,omitempty"`
}

// MatchRule judges whether tickets belong in one match.
//
// +kubebuilder:validation:XValidation:rule=`(self.type == 'Equality') != has(self.value)`,message="every type but Equality needs a value, and Equality takes none",fieldPath=".value"
// +kubebuilder:validation:XValidation:rule=`(self.type == 'Latency') != has(self.attribute)`,message="every type but Latency needs an attribute, and Latency takes none, since clients measure it",fieldPath=".attribute"
// +kubebuilder:validation:XValidation:rule=`self.type != 'Equality' || !has(self.expand)`,message="Equality cannot be loosened step by step: remove expand or set required: false",fieldPath=".expand"
// +kubebuilder:validation:XValidation:rule=`!has(self.expand) || (self.expand.map(e, duration(e.after)).isSorted() && self.expand.all(e, self.expand.exists_one(f, duration(f.after) == duration(e.after))))`,message="after must rise from each expansion to the next: put them in order and give each its own time",fieldPath=".expand"
// +kubebuilder:validation:XValidation:rule=`!has(self.expand) || !has(self.value) || self.type == 'SetOverlap' || (self.expand.all(e, double(e.value) >= double(self.value)) && self.expand.map(e, double(e.value)).isSorted())`,message="each expansion must loosen the rule: its value must not be below the one before",fieldPath=".expand"
// +kubebuilder:validation:XValidation:rule=`!has(self.expand) || !has(self.value) || self.type != 'SetOverlap' || (self.expand.all(e, double(e.value) <= double(self.value)) && self.expand.map(e, -double(e.value)).isSorted())`,message="each expansion must loosen the rule: the overlap of SetOverlap must not be above the one before",fieldPath=".expand"
type MatchRule struct {
	// Name of the rule, for explanations and metrics.
	//
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be a-z, 0-9 and '-', such as skill"
	Name string `json:"name"`

	// Type is Distance (numbers differ by at most value), Equality, SetOverlap (at
	// least value in common), Latency (a region within value milliseconds for all) or
	// TeamBalance (the teams' averages differ by at most value).
	//
	// +required
	Type MatchRuleType `json:"type"`

	// Attribute that is judged; none with Latency.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Attribute string `json:"attribute,omitempty"`

	// Value at the beginning; a fraction in quotes; none with Equality.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="double(self) >= 0.0",message="must not be negative"
	Value Decimal `json:"value,omitempty"`

	// Required rules must hold; others are wishes, by weight.
	//
	// +optional
	// +kubebuilder:default=true
	Required *bool `json:"required,omitempty"`

	// Weight of a preference relative to the others.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Weight int32 `json:"weight,omitempty"`

	// Expand loosens the rule while a ticket waits.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Expand []Expansion `json:"expand,omitempty"`
}

// Expansion is a step by which a rule is loosened.
type Expansion struct {
	// After is how long a ticket has waited when it takes effect.
	//
	// +required
	After Duration `json:"after"`

	// Value from then on; a fraction in quotes.
	//
	// +required
	// +kubebuilder:validation:XValidation:rule="double(self) >= 0.0",message="must not be negative"
	Value Decimal `json:"value"`
}

// Region is a place that matches run in.
type Region struct {
	// Name of the region, as clients send it with their latencies.
	//
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be a-z, 0-9 and '-', such as eu-west"
	Name string `json:"name"`

	// MaxLatency is the most a player may have to this region, whatever the rules say.
	//
	// +optional
	// +kubebuilder:default="250ms"
	MaxLatency Duration `json:"maxLatency,omitzero"`
}
