package wire

import "encoding/json"

// Chat events.
const (
	EventChatJoin    = "chat:join"    // request: ChatJoin → ChatJoined
	EventChatLeave   = "chat:leave"   // request: ChatLeave → nothing
	EventChatSend    = "chat:send"    // request: ChatSend → ChatSent
	EventChatHistory = "chat:history" // request: ChatHistory → ChatPage
	EventChatMessage = "chat:message" // push: ChatMessage
)

// ChatJoin subscribes this connection to a channel. A lobby's channel is
// "lobby:" and the lobby's id, open to its members.
type ChatJoin struct {
	Channel string `json:"channel" validate:"required,max=128"`
}

// ChatJoined acknowledges [ChatJoin]; the envelope's meta is the position from
// which messages will be pushed.
type ChatJoined struct {
	Channel string `json:"channel"`
}

// ChatLeave unsubscribes this connection from a channel.
type ChatLeave struct {
	Channel string `json:"channel" validate:"required,max=128"`
}

// ChatSend sends a message. Type is the application's own word for the kind of
// message and defaults to "text", which needs Text; other types may carry Data
// only. "system" is refused: it is kept for the server.
type ChatSend struct {
	Key
	Channel string `json:"channel" validate:"required,max=128"`
	Type    string `json:"type,omitempty" validate:"max=32"`
	// Text is at most as long as the channel's policy allows, in characters.
	Text string `json:"text,omitempty" validate:"max=16384"`
	// Data is any JSON value of at most 4 KiB.
	Data json.RawMessage `json:"data,omitempty" validate:"max=4096"`
	// ReplyTo is the seq of the message that this one answers.
	ReplyTo uint64 `json:"replyTo,omitempty"`
	// Mentions are user ids.
	Mentions []string `json:"mentions,omitempty" validate:"max=20,dive,required,max=128"`
}

// ChatSent acknowledges [ChatSend] after the message is committed.
type ChatSent struct {
	ID  string `json:"id"`
	Seq uint64 `json:"seq"`
	TS  int64  `json:"ts"`
}

// ChatMessage is one message, pushed to a channel and kept in its history.
type ChatMessage struct {
	Channel  string          `json:"channel"`
	ID       string          `json:"id"`
	UserID   string          `json:"userId"`
	Name     string          `json:"name,omitempty"`
	Key      string          `json:"key,omitempty"` // the sender's own key, so that it can match its echo
	Type     string          `json:"type"`
	Text     string          `json:"text,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	ReplyTo  uint64          `json:"replyTo,omitempty"`
	Mentions []string        `json:"mentions,omitempty"`
	// Meta is filled in when the message is delivered.
	Meta *Meta `json:"meta,omitempty"`
}

// ChatHistory asks for messages before or after a seq, at most one of which may
// be given; with neither, the newest. The cursor's own message is not included.
type ChatHistory struct {
	Channel string `json:"channel" validate:"required,max=128"`
	Before  uint64 `json:"before,omitempty"`
	After   uint64 `json:"after,omitempty" validate:"excluded_with=Before"`
	// Limit is 1 to 100 (50).
	Limit int `json:"limit,omitempty" validate:"min=0,max=100"`
}

// ChatPage acknowledges [ChatHistory]: messages in ascending seq.
type ChatPage struct {
	Messages []json.RawMessage `json:"messages"` // each a ChatMessage with meta
	// HasMore tells that more messages lie in the direction asked.
	HasMore bool `json:"hasMore"`
}
