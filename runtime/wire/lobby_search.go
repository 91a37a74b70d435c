package wire

// LobbySearch finds public lobbies of a type.
type LobbySearch struct {
	Type string `json:"type" validate:"required,max=63"`
	// Filter has the condition for each field. Fields are name, status, hasPassword,
	// players, free, maxMembers, createdAt, and attributes.KEY for the attributes that
	// the policy makes searchable and public.
	Filter map[string]LobbyFilter `json:"filter,omitempty" validate:"max=8"`
	// Sort is one of these fields, with a leading "-" for descending order; by default
	// the newest come first. Lobbies without the field are not found.
	Sort string `json:"sort,omitempty" validate:"max=80"`
	// Limit is at most the policy's maxResults; 0, or left out, means maxResults.
	Limit int `json:"limit,omitempty" validate:"min=0,max=1000"`
	// Cursor comes from the previous page with the same type, filter and sort.
	Cursor string `json:"cursor,omitempty" validate:"max=512"`
}

// LobbyFilter matches a field that satisfies all given conditions. Texts are compared by
// their first 128 bytes.
type LobbyFilter struct {
	Eq  any   `json:"eq,omitempty"`
	Ne  any   `json:"ne,omitempty"`
	Lt  any   `json:"lt,omitempty"`
	Lte any   `json:"lte,omitempty"`
	Gt  any   `json:"gt,omitempty"`
	Gte any   `json:"gte,omitempty"`
	In  []any `json:"in,omitempty" validate:"max=16"`
	// Near matches numbers within a distance of a value.
	Near *LobbyNear `json:"near,omitempty"`
}

// LobbyNear matches from Value-Within to Value+Within.
type LobbyNear struct {
	// Value is any number; left out, it is 0.
	Value float64 `json:"value"`
	// Within is a distance of at least 0; 0, or left out, means the value itself.
	Within float64 `json:"within" validate:"min=0"`
}

// LobbyFound acknowledges lobby:search. A page with a Cursor may be short or even empty;
// further pages follow.
type LobbyFound struct {
	Lobbies []LobbyListing `json:"lobbies"`
	Cursor  string         `json:"cursor,omitempty"`
}

// LobbyListing is the public view of a lobby in search results.
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

// LobbyType identifies a type of lobby.
type LobbyType struct {
	Type string `json:"type" validate:"required,max=63"`
}

// LobbyListed notifies the watchers of a type of the changes within a quarter of a
// second.
type LobbyListed struct {
	Type    string         `json:"type"`
	Added   []LobbyListing `json:"added,omitempty"`
	Updated []LobbyListing `json:"updated,omitempty"`
	Removed []string       `json:"removed,omitempty"`
	Meta    *Meta          `json:"meta,omitempty"`
}

// LobbyQuickJoin joins any open lobby without a password that matches the filter.
type LobbyQuickJoin struct {
	Key
	Type   string                 `json:"type" validate:"required,max=63"`
	Filter map[string]LobbyFilter `json:"filter,omitempty" validate:"max=8"`
	Member *MemberInit            `json:"member,omitempty"`
	// CreateIfNone creates a lobby when there is none to join.
	CreateIfNone *LobbyQuickCreate `json:"createIfNone,omitempty"`
	// PartyID includes the party that the caller leads, as in [LobbyJoin]; the lobby must
	// have room for the whole party.
	PartyID string `json:"partyId,omitempty" validate:"max=64"`
}

// LobbyQuickCreate describes the lobby to create when none was found.
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
