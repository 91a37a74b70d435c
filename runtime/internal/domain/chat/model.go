// Package chat is messages in channels. A channel "lobby:{id}" belongs to a lobby
// and is open to its members; its stream is "chat:lobby:{id}".
//
// The stream's log is the history: messages, and after them their edits, deletions and
// reactions, as they happened. Who reads the history gets the messages as they are
// now, folded from it (fold.go); who resumes the stream gets the events.
//
// The rules are pure (model.go, amend.go, marks.go). [Service] appends messages to a
// channel's stream in one round trip to the store, and [Handlers] speak the wire
// contract. Whose a channel is and what it allows comes from outside, through [Access].
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

// Policy is what a channel goes by.
type Policy struct {
	Enabled bool
	// MaxLength of a text, in code points; 0 means no bound but that of the request.
	MaxLength int
	// HistorySize is how many messages can be read back, for HistoryTTL after the
	// last one.
	HistorySize int
	HistoryTTL  time.Duration
	// IdleTTL is how long the channel may be without a message until its seqs begin anew,
	// at least; 0 means stream.Lasting.
	IdleTTL time.Duration
	// RateMessages in any RatePer may be sent by each user; 0 means no limit.
	RateMessages int
	RatePer      time.Duration
	// SlowMode is between two messages of a user who does not moderate; 0 means off.
	SlowMode time.Duration
	// Edit lets senders edit and delete their messages.
	Edit bool
	// Filters look at each text, in this order.
	Filters []Filter
	// Moderator says that the user may mute others and delete their messages. Scoped says
	// that the user's token makes it so, in every channel that it may use.
	Moderator, ModeratorByScope bool
	// Peer is the other user of a direct channel, who is told of each message; "" in
	// other channels.
	Peer string
	// UnknownMembers says that nobody knows who is in the channel, so that mentions can be
	// neither checked nor told.
	UnknownMembers bool
}

const (
	// typeText is the kind of message that needs a text.
	typeText = "text"
	// typeSystem is kept for messages of the server.
	typeSystem = "system"
)

// maxData is how many bytes of JSON a message may carry beside its text.
const maxData = 4096

// Compose makes the message that a request asks for, or refuses it. Its id, its
// sender and its place are the caller's to fill in.
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

// content gives the text and the data of a message in their stored form; the data is nil when
// the message has none.
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

// distinct drops what is named again.
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

// checkData gives the data of a message, nil when there is none.
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

// pageLimit is how many messages a request for history gets.
func pageLimit(asked int) (int, error) {
	switch {
	case asked < 0 || asked > maxPage:
		return 0, wire.Invalid("limit", fmt.Sprintf("must be 1 to %d", maxPage))
	case asked == 0:
		return defaultPage, nil
	}
	return asked, nil
}
