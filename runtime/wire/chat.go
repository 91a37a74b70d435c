package wire

import "encoding/json"

// Chat events.
const (
	EventChatJoin     = "chat:join"     // request: ChatJoin → ChatJoined
	EventChatLeave    = "chat:leave"    // request: ChatLeave → nothing
	EventChatSend     = "chat:send"     // request: ChatSend → ChatSent
	EventChatEdit     = "chat:edit"     // request: ChatEdit → ChatChanged
	EventChatDelete   = "chat:delete"   // request: ChatDelete → ChatChanged
	EventChatReact    = "chat:react"    // request: ChatReact → ChatReacted
	EventChatHistory  = "chat:history"  // request: ChatHistory → ChatPage
	EventChatRead     = "chat:read"     // request: ChatRead → ChatReadTo; push: ChatReadMark
	EventChatTyping   = "chat:typing"   // request, needs no acknowledgement: ChatTyping; push: ChatTypist
	EventChatChannels = "chat:channels" // request: ChatChannels → ChatChannelPage
	EventChatMute     = "chat:mute"     // request: ChatMute → ChatMuted
	EventChatUnmute   = "chat:unmute"   // request: ChatUnmute → ChatMuted

	EventChatMessage       = "chat:message"       // push: ChatMessage
	EventChatEdited        = "chat:edited"        // push: ChatEdited
	EventChatDeleted       = "chat:deleted"       // push: ChatDeleted
	EventChatReaction      = "chat:reaction"      // push: ChatReaction
	EventChatMuted         = "chat:muted"         // push: ChatMuted
	EventChatNotice        = "chat:notice"        // push on the user's own stream: ChatNotice
	EventChatNoticeRemoved = "chat:noticeRemoved" // push on the user's own stream: ChatNoticeRemoved
)

// ChatJoin subscribes this connection to a channel:
//   - "lobby:{id}" and "party:{id}" are open to the members;
//   - "direct:{a}:{b}" to its two users, whose ids are in the order of their bytes. In
//     each id write "%3A" for ":", and "%25" for a "%" before "3A" or "25";
//   - "topic:{name}" to users whose token has the scope "chat:topic:{name}" or
//     "chat:topic:*".
//
// The longest name has two ids of 128 bytes in which every byte is escaped.
type ChatJoin struct {
	Channel string `json:"channel" validate:"required,max=776"`
}

// ChatJoined acknowledges [ChatJoin]. Pushes of messages continue after the position in
// the envelope's meta.
type ChatJoined struct {
	Channel string `json:"channel"`
	ChatUnread
	// Reads are the read marks of at most 256 users of the channel.
	Reads map[string]uint64 `json:"reads,omitempty"`
}

// ChatUnread reports how far a user has read.
type ChatUnread struct {
	// ReadTo is the user's own read mark: a seq, 0 when it has read nothing.
	ReadTo uint64 `json:"readTo"`
	// Unread counts the messages of other users after the mark. With MoreUnread, further
	// messages were not counted.
	Unread     int  `json:"unread"`
	MoreUnread bool `json:"moreUnread,omitempty"`
}

// ChatLeave unsubscribes this connection from a channel.
type ChatLeave struct {
	Channel string `json:"channel" validate:"required,max=776"`
}

// ChatSend sends a message. Type is defined by the application and defaults to "text",
// which requires Text; other types may carry Data only. "system" is refused because it is
// reserved for the server.
type ChatSend struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	Type    string `json:"type,omitempty" validate:"max=32"`
	// Text is at most as long as the channel's policy allows, in code points.
	Text string `json:"text,omitempty" validate:"max=16384,lines"`
	// Data is any JSON value of at most 4 KiB.
	Data json.RawMessage `json:"data,omitempty" validate:"max=4096"`
	// ReplyTo is the seq of the message that this message answers; that message may have
	// left the history. 0, or left out, means none. A seq beyond the channel's newest is
	// refused.
	ReplyTo uint64 `json:"replyTo,omitempty"`
	// Mentions are ids of users in the channel. Each mentioned user receives a
	// [ChatNotice], except in topics, where the server does not know the subscribers.
	Mentions []string `json:"mentions,omitempty" validate:"max=20,dive,required,max=128"`
}

// ChatSent acknowledges [ChatSend] after the message is committed.
type ChatSent struct {
	ID  string `json:"id"`
	Seq uint64 `json:"seq"`
	TS  int64  `json:"ts"`
}

// ChatMessage is a message, pushed to a channel and kept in its history.
type ChatMessage struct {
	Channel  string          `json:"channel"`
	ID       string          `json:"id"`
	UserID   string          `json:"userId"`
	Name     string          `json:"name,omitempty"`
	Key      string          `json:"key,omitempty"` // the sender's idempotency key, so that the sender recognizes its own message
	Type     string          `json:"type"`
	Text     string          `json:"text,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	ReplyTo  uint64          `json:"replyTo,omitempty"`
	Mentions []string        `json:"mentions,omitempty"`
	// The following fields are set only in a history: the changes of the message after it
	// was sent. A deleted message has neither text nor data.
	EditedAt  int64           `json:"editedAt,omitempty"`
	Deleted   bool            `json:"deleted,omitempty"`
	Reactions []ChatReactions `json:"reactions,omitempty"`
	// Meta is filled in when the message is delivered.
	Meta *Meta `json:"meta,omitempty"`
}

// ChatReactions lists the users with one reaction to a message, in the order of their
// reactions.
type ChatReactions struct {
	Reaction string   `json:"reaction"`
	UserIDs  []string `json:"userIds"`
}

// ChatTarget identifies a message of a channel.
type ChatTarget struct {
	Channel string `json:"channel" validate:"required,max=776"`
	// Seq is the seq of the message.
	Seq uint64 `json:"seq" validate:"required"`
	// ID, if given, must be the id of the message: a seq of an earlier epoch is then
	// refused.
	ID string `json:"id,omitempty" validate:"max=64"`
}

// ChatEdit replaces the text and data of the caller's own message. Its type does not
// change.
type ChatEdit struct {
	Key
	ChatTarget
	Text string          `json:"text,omitempty" validate:"max=16384,lines"`
	Data json.RawMessage `json:"data,omitempty" validate:"max=4096"`
}

// ChatDelete deletes a message: the caller's own, or, for a moderator, any message.
type ChatDelete struct {
	Key
	ChatTarget
	Reason string `json:"reason,omitempty" validate:"max=200,lines"`
}

// ChatChanged acknowledges [ChatEdit] and [ChatDelete].
type ChatChanged struct {
	Seq uint64 `json:"seq"` // of the message
	ID  string `json:"id"`
}

// ChatEdited reports that a message was edited; the time is in the meta.
type ChatEdited struct {
	Channel string          `json:"channel"`
	Seq     uint64          `json:"seq"` // of the message
	ID      string          `json:"id"`
	UserID  string          `json:"userId"`
	Text    string          `json:"text,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Meta    *Meta           `json:"meta,omitempty"`
}

// ChatDeleted reports that a message was deleted, and the user who deleted it.
type ChatDeleted struct {
	Channel string `json:"channel"`
	Seq     uint64 `json:"seq"` // of the message
	ID      string `json:"id"`
	UserID  string `json:"userId"`
	Reason  string `json:"reason,omitempty"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatReact adds or removes a reaction to a message.
type ChatReact struct {
	Key
	ChatTarget
	// Reaction is an emoji or a word of at most 32 bytes.
	Reaction string `json:"reaction" validate:"required,max=32"`
	Remove   bool   `json:"remove,omitempty"`
}

// ChatReacted acknowledges [ChatReact].
type ChatReacted struct {
	Seq      uint64 `json:"seq"` // of the message
	Reaction string `json:"reaction"`
	// Count is the current number of users with this reaction.
	Count int `json:"count"`
}

// ChatReaction reports that a user added or removed a reaction.
type ChatReaction struct {
	Channel  string `json:"channel"`
	Seq      uint64 `json:"seq"` // of the message
	UserID   string `json:"userId"`
	Reaction string `json:"reaction"`
	Removed  bool   `json:"removed,omitempty"`
	Count    int    `json:"count"`
	Meta     *Meta  `json:"meta,omitempty"`
}

// ChatHistory reads messages before or after a seq, at most one of which may be given;
// with neither, the newest messages. The message at the given seq is not included.
type ChatHistory struct {
	Channel string `json:"channel" validate:"required,max=776"`
	// Before is a seq; 0 is as if it were left out, because no message is before 0.
	Before uint64 `json:"before,omitempty"`
	// After is a seq; 0 asks for the oldest messages of the history.
	After *uint64 `json:"after,omitempty" validate:"excluded_with=Before"`
	// Limit is 1 to 100; 0, or left out, means 50.
	Limit int `json:"limit,omitempty" validate:"min=0,max=100"`
}

// ChatPage acknowledges [ChatHistory]: messages in ascending seq, in their current form.
type ChatPage struct {
	Messages []json.RawMessage `json:"messages" contract:"ChatMessage"` // with meta
	// HasMore reports that more messages exist in the requested direction.
	HasMore bool `json:"hasMore"`
	ChatUnread
}

// ChatRead moves the caller's read mark forward to a seq of the channel. A seq at or
// before the mark changes nothing.
type ChatRead struct {
	Channel string `json:"channel" validate:"required,max=776"`
	Seq     uint64 `json:"seq" validate:"required"`
}

// ChatReadTo acknowledges [ChatRead] with the mark in force.
type ChatReadTo struct {
	ReadTo uint64 `json:"readTo"`
}

// ChatReadMark reports how far a user has read. The push is not part of the stream, so it
// has no meta. Any server repeats each moved mark once after about 5 seconds, so that the
// mark survives the server that accepted it. The same mark may arrive twice; chat:join
// returns all marks. The mark of an invisible user is pushed on the user's own stream
// alone, with a meta; other users see the mark with the next chat:read after the user is
// visible again.
type ChatReadMark struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	ReadTo  uint64 `json:"readTo"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatTyping reports that the user is typing, or with Typing false that it stopped. The
// connection must have joined the channel. A muted user is refused with "muted"; the
// typing of an invisible user is dropped.
type ChatTyping struct {
	Channel string `json:"channel" validate:"required,max=776"`
	Typing  *bool  `json:"typing,omitempty"` // true when left out
}

// ChatTypist reports a typing user, at most every 2 seconds for each user. It has no meta
// and is not stored; a client removes the indicator after 6 seconds without another push.
type ChatTypist struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	Name    string `json:"name,omitempty"`
	Typing  bool   `json:"typing"`
}

// ChatMute stops a user from writing and typing in a channel. Moderators may: a lobby's
// host, a party's leader, and a token with the scope "chat:moderate".
type ChatMute struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
	// ForMs is the duration: 1 second to 7 days; 0, or left out, means 10 minutes.
	ForMs  int64  `json:"forMs,omitempty" validate:"omitempty,min=1000,max=604800000"`
	Reason string `json:"reason,omitempty" validate:"max=200,lines"`
}

// ChatUnmute ends a mute. A mute by a token with the scope or by a back end is ended only
// by another such token or a back end. A host or leader may end a mute by a former host
// or leader.
type ChatUnmute struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// ChatMuted reports that a user was muted or may write again, and acknowledges [ChatMute]
// and [ChatUnmute].
type ChatMuted struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	// ActorID is the moderator; "" for a back end.
	ActorID string `json:"actorId"`
	Muted   bool   `json:"muted"`
	// Until is the end of the mute, in milliseconds since the epoch.
	Until  int64  `json:"until,omitempty"`
	Reason string `json:"reason,omitempty"`
	Meta   *Meta  `json:"meta,omitempty"`
}

// The causes of a [ChatNotice].
const (
	ChatCauseMention = "mention"
	ChatCauseDirect  = "direct"
)

// ChatNotice notifies a user of a message addressed to it, even without a subscription to
// the channel.
type ChatNotice struct {
	Cause   string `json:"cause"`
	Channel string `json:"channel"`
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	UserID  string `json:"userId"` // the sender
	Name    string `json:"name,omitempty"`
	// Text is the beginning of the text, at most 140 code points.
	Text string `json:"text,omitempty"`
	Meta *Meta  `json:"meta,omitempty"`
}

// ChatNoticeRemoved reports that the message of a [ChatNotice] was deleted.
type ChatNoticeRemoved struct {
	Channel string `json:"channel"`
	Seq     uint64 `json:"seq"` // of the message
	ID      string `json:"id"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatChannels lists the caller's channels: first those of its lobbies, its party and the
// topics in its token, then its direct channels, the most recent first.
type ChatChannels struct {
	// Cursor comes from the previous page; "" requests the first page.
	Cursor string `json:"cursor,omitempty" validate:"max=1200"`
	// Limit is 1 to 50; 0, or left out, means 20.
	Limit int `json:"limit,omitempty" validate:"min=0,max=50"`
}

// ChatChannelPage acknowledges [ChatChannels].
type ChatChannelPage struct {
	Channels []ChatChannel `json:"channels"`
	// Cursor requests the next page; "" on the last page.
	Cursor string `json:"cursor,omitempty"`
}

// ChatChannel is a channel of the caller. A user's list has at most 200 direct channels.
// Beyond that, the list drops the channel with the oldest last message, and first a
// channel in which the user never wrote; the channel itself remains.
type ChatChannel struct {
	Channel string `json:"channel"`
	// Peer is the other user of a direct channel.
	Peer string `json:"peer,omitempty"`
	// Last is the newest message; left out when the channel's newest 50 events have no
	// message.
	Last *ChatLast `json:"last,omitempty"`
	// Unread counts up to 50 messages.
	ChatUnread
}

// ChatLast is the newest message of a channel, in its current form.
type ChatLast struct {
	Seq    uint64 `json:"seq"`
	TS     int64  `json:"ts"`
	ID     string `json:"id"`
	UserID string `json:"userId"`
	// Text is the beginning of the text, at most 140 code points; "" of a deleted message.
	Text string `json:"text,omitempty"`
}
