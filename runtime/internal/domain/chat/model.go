// Package chat holds messages in channels. A channel "lobby:{id}" belongs to a lobby
// and is open to its members; its stream is "chat:lobby:{id}".
//
// The stream's log is the history: messages, followed by their edits, deletions and
// reactions as events. A reader of the history gets the messages in their current state
// (effects.go); a client that resumes the stream gets the events.
//
// The rules are pure (model.go, amend.go, marks.go). [Service] appends messages to a
// channel's stream in one round trip to the store, and [Handlers] implement the wire
// contract. [Access] decides who may use a channel, and with which policy.
package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Policy has the settings of a channel, and the caller's rights in it.
type Policy struct {
	Enabled bool
	// MaxLength bounds a text, in code points; 0 means no bound but that of the request.
	MaxLength int
	// HistorySize is the number of messages that clients can read back, for HistoryTTL after
	// the last message.
	HistorySize int
	HistoryTTL  time.Duration
	// IdleTTL is the minimum time without a message before the channel's seqs start again; 0
	// means stream.Lasting.
	IdleTTL time.Duration
	// RateMessages is the number of messages that each user may send in any RatePer; 0 means no
	// limit.
	RateMessages int
	RatePer      time.Duration
	// SlowMode is the minimum time between two messages of a user who does not moderate; 0
	// means off.
	SlowMode time.Duration
	// Edit lets senders edit and delete their messages.
	Edit bool
	// Filters check each text, in this order.
	Filters []Filter
	// Moderator lets the user mute others and delete their messages. ModeratorByScope reports
	// that the user's token gives that right, in every channel that the user may use.
	Moderator, ModeratorByScope bool
	// Peer is the other user of a direct channel, who gets a notice of each message; "" in
	// other channels.
	Peer string
	// UnknownMembers reports that the channel has no list of members, so mentions are neither
	// checked nor notified.
	UnknownMembers bool
}

const (
	// typeText is the type of messages that need a text.
	typeText = "text"
	// typeSystem is reserved for messages of the server.
	typeSystem = "system"
)

// maxData bounds the JSON data of a message, in bytes.
const maxData = 4096

// Compose makes the message of a request, or refuses it. The caller sets its id, sender and
// position.
func Compose(p Policy, req wire.ChatSend) (wire.ChatMessage, error) {
	kind := req.Type
	if kind == "" {
		kind = typeText
	}
	switch {
	case kind == typeSystem:
		return wire.ChatMessage{}, wire.Invalid("type", "system messages are the server's alone")
	case !text.Word(kind):
		return wire.ChatMessage{}, wire.Invalid("type", text.WordRule)
	}
	words, data, err := content(p, kind, req.Text, req.Data)
	if err != nil {
		return wire.ChatMessage{}, err
	}
	return wire.ChatMessage{
		Channel: req.Channel, Key: req.IdempotencyKey(), Type: kind, Text: words, Data: data,
		ReplyTo: req.ReplyTo, Mentions: distinct(req.Mentions),
	}, nil
}

// content returns the text and the data of a message in their stored form; the data is nil for
// none.
func content(p Policy, kind, said string, data json.RawMessage) (string, json.RawMessage, error) {
	said, err := cleanText(p, kind, said)
	if err != nil {
		return "", nil, err
	}
	data, err = checkData(data)
	if err == nil && said == "" && data == nil {
		err = wire.Invalid("text", "a message needs a text or data")
	}
	return said, data, err
}

// distinct removes repeated ids.
func distinct(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func cleanText(p Policy, kind, said string) (string, error) {
	clean, fault := text.Rule{Max: p.MaxLength, Lines: true}.Clean(said)
	switch {
	case fault != "":
		return "", wire.Invalid("text", fault)
	case clean == "" && kind == typeText:
		return "", wire.Invalid("text", "must not be empty")
	}
	return clean, nil
}

// checkData returns the data of a message; nil for none.
func checkData(data json.RawMessage) (json.RawMessage, error) {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || string(data) == "null":
		return nil, nil
	case len(data) > maxData:
		return nil, wire.Invalid("data", fmt.Sprintf("must be at most %d bytes", maxData))
	case !json.Valid(data) || !utf8.Valid(data):
		return nil, wire.Invalid("data", "must be JSON in UTF-8")
	}
	return data, nil
}

// The bounds of a page of history.
const (
	defaultPage = 50
	maxPage     = 100
)

// pageLimit returns the number of messages of a page of history.
func pageLimit(asked int) (int, error) {
	switch {
	case asked < 0 || asked > maxPage:
		return 0, wire.Invalid("limit", fmt.Sprintf("must be 1 to %d", maxPage))
	case asked == 0:
		return defaultPage, nil
	}
	return asked, nil
}
