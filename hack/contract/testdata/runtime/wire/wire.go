// Package wire is a small contract with every construct that the generator knows.
package wire

import "encoding/json"

// Protocol is the version.
const Protocol = 7

// Events of things.
const (
	EventThingMake   = "thing:make"   // request: ThingMake → Thing
	EventThingFind   = "thing:find"   // request: ThingFind → Thing, or nothing
	EventThingDrop   = "thing:drop"   // request: ThingRef → nothing; push: ThingRef with a reason
	EventThingTouch  = "thing:touch"  // request, needs no acknowledgement: ThingRef
	EventThingWave   = "thing:wave"   // request without an answer: ThingRef
	EventThingListed = "thing:listed" // push on the user's own stream: ThingList
)

// Color is closed.
type Color string

// The colors.
const (
	Red  Color = "red"
	Blue Color = "blue"
)

// Label is open.
type Label string

// Attributes are values of the application.
type Attributes map[string]any

// Current is a version or ids.
type Current struct{}

// Key is the idempotency key.
type Key struct {
	Key string `json:"key,omitempty" validate:"max=64"`
}

// Error is a refusal with a [Label].
type Error struct {
	Code    Label   `json:"code"`
	Current Current `json:"current,omitzero"`
}

// Meta is a position.
type Meta struct {
	Seq uint64 `json:"seq"`
}

// ConnectAuth opens a connection.
type ConnectAuth struct {
	Token string `json:"token" validate:"required,max=8"`
}

// ThingRef identifies a thing */ here.
type ThingRef struct {
	ThingID string `json:"thingId" validate:"required"`
}

// ThingMake makes a thing.
type ThingMake struct {
	Key
	// Name is a text
	// on two lines.
	Name    string          `json:"name" validate:"required,min=2,max=8,line"`
	Size    int             `json:"size,omitempty" validate:"omitempty,min=1,max=9"`
	Ratio   float64         `json:"ratio,omitempty"`
	Version uint64          `json:"version" validate:"required"`
	Seq     uint64          `json:"seq,omitempty"`
	Open    *bool           `json:"open,omitempty"`
	Color   Color           `json:"color,omitempty" validate:"omitempty,oneof=red blue"`
	Data    json.RawMessage `json:"data,omitempty" validate:"max=4096"`
	Values  Attributes      `json:"values,omitempty" validate:"max=16"`
	Tags    []string        `json:"tags,omitempty" validate:"max=4,dive,required,max=16"`
	Sizes   map[string]int  `json:"sizes,omitempty" validate:"max=2,dive,min=0"`
}

// ThingFind finds a thing by its id or its name.
type ThingFind struct {
	ThingID string  `json:"thingId,omitempty" validate:"required_without=Name"`
	Name    string  `json:"name,omitempty"`
	After   *uint64 `json:"after,omitempty" validate:"excluded_with=Name"`
}

// Thing is a thing.
type Thing struct {
	ThingID string `json:"thingId"` // its id
	Color   Color  `json:"color"`
	Any     any    `json:"any,omitempty"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ThingList lists things.
type ThingList struct {
	Things []Thing           `json:"things"`
	Raw    []json.RawMessage `json:"raw,omitempty" contract:"Thing"`
	Colors []Color           `json:"colors,omitempty"`
}
