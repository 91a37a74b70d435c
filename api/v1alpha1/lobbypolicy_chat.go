package v1alpha1

// ChatFilterType is the kind of check of a message.
//
// +kubebuilder:validation:Enum=WordList;Webhook
type ChatFilterType string

// The chat filter types.
const (
	FilterWordList ChatFilterType = "WordList"
	FilterWebhook  ChatFilterType = "Webhook"
)

// FilterLookalikes are the spellings that a word list also finds.
//
// +kubebuilder:validation:Enum=Letters;LettersAndDigits
type FilterLookalikes string

// The look-alikes of a word list.
const (
	LookalikeLetters          FilterLookalikes = "Letters"
	LookalikeLettersAndDigits FilterLookalikes = "LettersAndDigits"
)

// ChatFilterAction is the action on a message that a filter rejects.
//
// +kubebuilder:validation:Enum=Reject;Mask
type ChatFilterAction string

// The chat filter actions.
const (
	// FilterReject: the message is refused, and the sender receives the error.
	FilterReject ChatFilterAction = "Reject"
	// FilterMask: asterisks replace the rejected words.
	FilterMask ChatFilterAction = "Mask"
)

// ChatFilterFailure is the action on messages while a filter does not answer.
//
// +kubebuilder:validation:Enum=Allow;Reject
type ChatFilterFailure string

// What is done when a filter cannot be asked.
const (
	FilterFailureAllow  ChatFilterFailure = "Allow"
	FilterFailureReject ChatFilterFailure = "Reject"
)

// FilterScope is a kind of text that users show to others in a lobby.
//
// +kubebuilder:validation:Enum=Messages;MessageData;Names;Attributes;Reasons;Reactions
type FilterScope string

// The kinds of texts.
const (
	FilterMessages    FilterScope = "Messages"
	FilterMessageData FilterScope = "MessageData"
	FilterNames       FilterScope = "Names"
	FilterAttributes  FilterScope = "Attributes"
	FilterReasons     FilterScope = "Reasons"
	FilterReactions   FilterScope = "Reactions"
)

// ChatRules are the rules of a lobby's channel.
type ChatRules struct {
	// Enabled gives every lobby a channel.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// MaxLength of a message in code points.
	//
	// +optional
	// +kubebuilder:default=1000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxLength int32 `json:"maxLength,omitempty"`

	// History that newcomers can read.
	//
	// +optional
	// +kubebuilder:default={}
	History ChatHistory `json:"history,omitzero"`

	// Rate at which one member may send.
	//
	// +optional
	// +kubebuilder:default={}
	Rate ChatRate `json:"rate,omitzero"`

	// SlowMode is the least time between two messages of a member; where rate allows fewer
	// messages, rate spaces them. It does not bind moderators: the host, and users with the scope
	// chat:moderate. Left out: off.
	//
	// +optional
	SlowMode *Duration `json:"slowMode,omitempty"`

	// Edit lets senders edit and delete their messages.
	//
	// +optional
	// +kubebuilder:default=true
	Edit *bool `json:"edit,omitempty"`

	// Filters check the texts of the lobby's users, in this order: messages, and the other
	// kinds of text that a filter's appliesTo names.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Filters []ChatFilter `json:"filters,omitempty"`
}

// ChatHistory bounds the stored messages of a channel.
type ChatHistory struct {
	// Size is how many messages are kept; 0 keeps none.
	//
	// +optional
	// +kubebuilder:default=200
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	Size *int32 `json:"size,omitempty"`

	// TTL is how long they are kept after the last message.
	//
	// +optional
	// +kubebuilder:default="24h"
	TTL Duration `json:"ttl,omitzero"`
}

// ChatRate is how many messages may be sent in a time.
type ChatRate struct {
	// Messages in each `per`.
	//
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Messages int32 `json:"messages,omitempty"`

	// Per is the time that messages are counted over.
	//
	// +optional
	// +kubebuilder:default="5s"
	Per Duration `json:"per,omitzero"`
}

// ChatFilter checks texts before other users are shown them.
//
// +kubebuilder:validation:XValidation:rule=`self.type != 'WordList' || has(self.words) || has(self.wordsConfigMapRef)`,message="type WordList needs words or wordsConfigMapRef",fieldPath=".words",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`self.type != 'Webhook' || has(self.url)`,message="type Webhook needs url: the service that is asked about each message",fieldPath=".url",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`self.type == 'WordList' || (!has(self.words) && !has(self.wordsConfigMapRef))`,message="words and wordsConfigMapRef are for type WordList: remove them or set type: WordList",fieldPath=".type"
// +kubebuilder:validation:XValidation:rule=`self.type == 'WordList' || !has(self.lookalikes)`,message="lookalikes is for type WordList: remove it or set type: WordList",fieldPath=".lookalikes"
// +kubebuilder:validation:XValidation:rule=`self.type == 'Webhook' || (!has(self.url) && !has(self.secretRef))`,message="url and secretRef are for type Webhook: remove them or set type: Webhook",fieldPath=".type"
type ChatFilter struct {
	// Type is WordList or Webhook.
	//
	// +required
	Type ChatFilterType `json:"type"`

	// Action is Reject (the sender receives an error) or Mask (asterisks).
	//
	// +optional
	// +kubebuilder:default=Reject
	Action ChatFilterAction `json:"action,omitempty"`

	// Words that a WordList objects to, whole and without regard to case.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Words []string `json:"words,omitempty"`

	// WordsConfigMapRef is a ConfigMap's key with further words, a word per line.
	//
	// +optional
	WordsConfigMapRef *KeyReference `json:"wordsConfigMapRef,omitempty"`

	// Lookalikes are the spellings that a WordList also finds. Letters: accents are dropped, and
	// letters of other scripts count as the Latin letters that they look like. LettersAndDigits:
	// digits count as letters, too, as in "l33t". Left out: neither. The table covers common
	// letters of Cyrillic, Greek and Armenian, and not all of Unicode.
	//
	// +optional
	Lookalikes FilterLookalikes `json:"lookalikes,omitempty"`

	// AppliesTo are the kinds of text that the filter checks. Messages: the text of messages.
	// MessageData: the strings in their data. Names: of lobbies. Attributes: text attributes of
	// lobbies and members, and results of matches. Reasons: of kicks, bans, mutes, deletions and
	// ends, and the message of a join request. Reactions: to messages. Left out: Messages. What
	// back ends write is not checked.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=6
	AppliesTo []FilterScope `json:"appliesTo,omitempty"`

	// URL that a Webhook posts each message to, and the other texts of a request in one call. https, or http for names inside the
	// Kubernetes cluster.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`isURL(self) && url(self).getHostname().size() > 0 && (url(self).getScheme() == 'https' || url(self).getScheme() == 'http' && (url(self).getHostname().endsWith('.svc') || url(self).getHostname().endsWith('.svc.cluster.local')))`,message="must be an https URL; http is only for names inside the Kubernetes cluster, such as http://moderation.default.svc/check"
	URL string `json:"url,omitempty"`

	// SecretRef is the key that a Webhook's calls are signed with (HMAC-SHA256). Left
	// out: not signed. The Secret needs the label realtime.anteroom.dev/allow-policies: "true".
	//
	// +optional
	SecretRef *KeyReference `json:"secretRef,omitempty"`

	// Timeout of a Webhook's call; the sender waits for it.
	//
	// +optional
	// +kubebuilder:default="1s"
	Timeout Duration `json:"timeout,omitzero"`

	// FailurePolicy is the action on messages while the filter does not answer:
	// Allow or Reject.
	//
	// +optional
	// +kubebuilder:default=Reject
	FailurePolicy ChatFilterFailure `json:"failurePolicy,omitempty"`
}
