package wire

// LobbySearch finds public lobbies of a type.
type LobbySearch struct {
	Type string `json:"type" validate:"required,max=63"`
	// Filter has, for each field, what has to be true of it. Fields are name, status,
	// hasPassword, players, free, maxMembers, createdAt, and attributes.KEY for those
	// that the policy makes searchable and public.
	Filter map[string]LobbyFilter `json:"filter,omitempty" validate:"max=8"`
	// Sort is one of these fields, with "-" before it for the largest first; without it
	// the newest come first. Lobbies that lack the field are not found.
	Sort string `json:"sort,omitempty" validate:"max=80"`
	// Limit is at most the policy's maxResults; 0, or left out, means maxResults.
	Limit int `json:"limit,omitempty" validate:"min=0,max=1000"`
	// Cursor is that of the page before, for the same type, filter and sort.
	Cursor string `json:"cursor,omitempty" validate:"max=512"`
}

// LobbyFilter is true of a field for which all that is given is true. Texts are
// compared by their first 128 bytes.
type LobbyFilter struct {
	Eq  any   `json:"eq,omitempty"`
	Ne  any   `json:"ne,omitempty"`
	Lt  any   `json:"lt,omitempty"`
	Lte any   `json:"lte,omitempty"`
	Gt  any   `json:"gt,omitempty"`
	Gte any   `json:"gte,omitempty"`
	In  []any `json:"in,omitempty" validate:"max=16"`
	// Near is for numbers that are within a distance of a value.
	Near *LobbyNear `json:"near,omitempty"`
}

// LobbyNear is true from Value-Within to Value+Within.
type LobbyNear struct {
	// Value is any number; left out, it is 0.
	Value float64 `json:"value"`
	// Within is a distance of at least 0; 0, or left out, means the value itself.
	Within float64 `json:"within" validate:"min=0"`
}

// LobbyFound acknowledges lobby:search. A page may be short, even empty, while there
// is a Cursor: go on with it.
type LobbyFound struct {
	Lobbies []LobbyListing `json:"lobbies"`
	Cursor  string         `json:"cursor,omitempty"`
}

// LobbyListing is a lobby as those see it who look for one.
type LobbyListing struct {
	ID          string      `json:"id"`
	Type        string      `json:"type"`
	Name        string      `json:"name"`
	Status      LobbyStatus `json:"status"`
	HasPassword bool        `json:"hasPassword"`
	Players     int         `json:"players"`
	MaxMembers  int         `json:"maxMembers"`
	Spectators  int         `json:"spectators"`
	Attributes  Attributes  `json:"attributes"`
	CreatedAt   int64       `json:"createdAt"`
}

// LobbyType names a type of lobby.
type LobbyType struct {
	Type string `json:"type" validate:"required,max=63"`
}

// LobbyListed tells those who watch a type what has changed in a quarter of a second.
type LobbyListed struct {
	Type    string         `json:"type"`
	Added   []LobbyListing `json:"added,omitempty"`
	Updated []LobbyListing `json:"updated,omitempty"`
	Removed []string       `json:"removed,omitempty"`
	Meta    *Meta          `json:"meta,omitempty"`
}

// LobbyQuickJoin joins any open lobby without a password that the filter is true of.
type LobbyQuickJoin struct {
	Key
	Type   string                 `json:"type" validate:"required,max=63"`
	Filter map[string]LobbyFilter `json:"filter,omitempty" validate:"max=8"`
	Member *MemberInit            `json:"member,omitempty"`
	// CreateIfNone makes a lobby when there is none to join.
	CreateIfNone *LobbyQuickCreate `json:"createIfNone,omitempty"`
	// PartyID brings the party that the caller leads, as in [LobbyJoin], into a lobby
	// with room for all of it.
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
}

// LobbyQuickCreate is what a lobby is made with when none was found.
type LobbyQuickCreate struct {
	Name string `json:"name,omitempty" validate:"max=64,line"`
	// MaxMembers is within the policy's size; 0, or left out, means the policy's maximum.
	MaxMembers int        `json:"maxMembers,omitempty" validate:"min=0,max=1000"`
	Attributes Attributes `json:"attributes,omitempty" validate:"max=64,texts"`
}

// LobbyQuickJoined acknowledges lobby:quickJoin.
type LobbyQuickJoined struct {
	Lobby   Lobby `json:"lobby"`
	Created bool  `json:"created"`
}
