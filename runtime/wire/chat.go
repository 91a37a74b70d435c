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
// The longest name is that of two ids of 128 bytes in which every byte is escaped.
type ChatJoin struct {
	Channel string `json:"channel" validate:"required,max=776"`
}

// ChatJoined acknowledges [ChatJoin]; the envelope's meta is the position from
// which messages will be pushed.
type ChatJoined struct {
	Channel string `json:"channel"`
	ChatUnread
	// Reads are the read marks of the channel's users, of at most 256.
	Reads map[string]uint64 `json:"reads,omitempty"`
}

// ChatUnread says how far a user has read.
type ChatUnread struct {
	// ReadTo is the user's own read mark: a seq, 0 when it has read nothing.
	ReadTo uint64 `json:"readTo"`
	// Unread counts the messages of others after the mark; with MoreUnread there are
	// more than were counted.
	Unread     int  `json:"unread"`
	MoreUnread bool `json:"moreUnread,omitempty"`
}

// ChatLeave unsubscribes this connection from a channel.
type ChatLeave struct {
	Channel string `json:"channel" validate:"required,max=776"`
}

// ChatSend sends a message. Type is the application's own word for the kind of
// message and defaults to "text", which needs Text; other types may carry Data
// only. "system" is refused: it is kept for the server.
type ChatSend struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	Type    string `json:"type,omitempty" validate:"max=32"`
	// Text is at most as long as the channel's policy allows, in code points.
	Text string `json:"text,omitempty" validate:"max=16384,lines"`
	// Data is any JSON value of at most 4 KiB.
	Data json.RawMessage `json:"data,omitempty" validate:"max=4096"`
	// ReplyTo is the seq of the message that this one answers, which may have left the history; 0,
	// or left out, means none. A seq that the channel has not given yet is refused.
	ReplyTo uint64 `json:"replyTo,omitempty"`
	// Mentions are ids of users who are in the channel. Each is told by a
	// [ChatNotice], except in topics, where the server does not know who listens.
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
	// What follows is only in a history: what became of the message since it was sent.
	// A deleted one has neither text nor data.
	EditedAt  int64           `json:"editedAt,omitempty"`
	Deleted   bool            `json:"deleted,omitempty"`
	Reactions []ChatReactions `json:"reactions,omitempty"`
	// Meta is filled in when the message is delivered.
	Meta *Meta `json:"meta,omitempty"`
}

// ChatReactions are the users who reacted to a message in one way, in the order in
// which they did.
type ChatReactions struct {
	Reaction string   `json:"reaction"`
	UserIDs  []string `json:"userIds"`
}

// ChatTarget names a message of a channel.
type ChatTarget struct {
	Channel string `json:"channel" validate:"required,max=776"`
	// Seq is the message's.
	Seq uint64 `json:"seq" validate:"required"`
	// ID, when given, has to be the message's: it tells when a seq of an earlier epoch
	// is meant.
	ID string `json:"id,omitempty" validate:"max=64"`
}

// ChatEdit replaces the text and data of one's own message. Its type stays.
type ChatEdit struct {
	Key
	ChatTarget
	Text string          `json:"text,omitempty" validate:"max=16384,lines"`
	Data json.RawMessage `json:"data,omitempty" validate:"max=4096"`
}

// ChatDelete deletes a message: one's own, or, for a moderator, anybody's.
type ChatDelete struct {
	Key
	ChatTarget
	Reason string `json:"reason,omitempty" validate:"max=200,lines"`
}

// ChatChanged acknowledges [ChatEdit] and [ChatDelete].
type ChatChanged struct {
	Seq uint64 `json:"seq"` // the message's
	ID  string `json:"id"`
}

// ChatEdited tells that a message was edited; the time is in the meta.
type ChatEdited struct {
	Channel string          `json:"channel"`
	Seq     uint64          `json:"seq"` // the message's
	ID      string          `json:"id"`
	UserID  string          `json:"userId"`
	Text    string          `json:"text,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Meta    *Meta           `json:"meta,omitempty"`
}

// ChatDeleted tells that a message was deleted, and by whom.
type ChatDeleted struct {
	Channel string `json:"channel"`
	Seq     uint64 `json:"seq"` // the message's
	ID      string `json:"id"`
	UserID  string `json:"userId"`
	Reason  string `json:"reason,omitempty"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatReact reacts to a message, or takes that back.
type ChatReact struct {
	Key
	ChatTarget
	// Reaction is an emoji or a word of at most 32 bytes.
	Reaction string `json:"reaction" validate:"required,max=32"`
	Remove   bool   `json:"remove,omitempty"`
}

// ChatReacted acknowledges [ChatReact].
type ChatReacted struct {
	Seq      uint64 `json:"seq"` // the message's
	Reaction string `json:"reaction"`
	// Count is how many users react in this way now.
	Count int `json:"count"`
}

// ChatReaction tells that a user reacted to a message, or took it back.
type ChatReaction struct {
	Channel  string `json:"channel"`
	Seq      uint64 `json:"seq"` // the message's
	UserID   string `json:"userId"`
	Reaction string `json:"reaction"`
	Removed  bool   `json:"removed,omitempty"`
	Count    int    `json:"count"`
	Meta     *Meta  `json:"meta,omitempty"`
}

// ChatHistory asks for messages before or after a seq, at most one of which may
// be given; with neither, the newest. The cursor's own message is not included.
type ChatHistory struct {
	Channel string `json:"channel" validate:"required,max=776"`
	// Before is a seq; 0 is as if it were left out, because no message is before 0.
	Before uint64 `json:"before,omitempty"`
	// After is a seq; 0 asks for the oldest messages of the history.
	After *uint64 `json:"after,omitempty" validate:"excluded_with=Before"`
	// Limit is 1 to 100; 0, or left out, means 50.
	Limit int `json:"limit,omitempty" validate:"min=0,max=100"`
}

// ChatPage acknowledges [ChatHistory]: messages in ascending seq, as they are now.
type ChatPage struct {
	Messages []json.RawMessage `json:"messages" contract:"ChatMessage"` // with meta
	// HasMore tells that more messages lie in the direction asked.
	HasMore bool `json:"hasMore"`
	ChatUnread
}

// ChatRead moves the caller's read mark forward to a seq of the channel; one that is
// not beyond the mark changes nothing.
type ChatRead struct {
	Channel string `json:"channel" validate:"required,max=776"`
	Seq     uint64 `json:"seq" validate:"required"`
}

// ChatReadTo acknowledges [ChatRead] with the mark that is in force.
type ChatReadTo struct {
	ReadTo uint64 `json:"readTo"`
}

// ChatReadMark tells how far a user has read. It is not part of the stream, so it has no
// meta. Each mark that moved is pushed once more after about 5 seconds, by any server, so
// that it survives the server that took it. The same mark may come twice, and chat:join
// has all marks. That of an invisible user is pushed on the user's own stream alone, with a
// meta; others see it with the next chat:read after the user is visible again.
type ChatReadMark struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	ReadTo  uint64 `json:"readTo"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatTyping tells that the user is typing, or with Typing false that it stopped. The
// connection has to have joined the channel. A muted user is refused with "muted"; what an
// invisible user types is dropped.
type ChatTyping struct {
	Channel string `json:"channel" validate:"required,max=776"`
	Typing  *bool  `json:"typing,omitempty"` // true when left out
}

// ChatTypist tells who is typing: at most every 2 seconds for each user. It has no
// meta and is not stored; take it back after 6 seconds without another.
type ChatTypist struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	Name    string `json:"name,omitempty"`
	Typing  bool   `json:"typing"`
}

// ChatMute keeps a user from writing and typing in a channel. Moderators may: a lobby's
// host, a party's leader, and whose token has the scope "chat:moderate".
type ChatMute struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
	// ForMs is for how long: 1 second to 7 days; 0, or left out, means 10 minutes.
	ForMs  int64  `json:"forMs,omitempty" validate:"omitempty,min=1000,max=604800000"`
	Reason string `json:"reason,omitempty" validate:"max=200,lines"`
}

// ChatUnmute ends that. A mute by a token with the scope or by a back end is ended only by
// another such token or a back end. A host or leader may end its own mute by a former one.
type ChatUnmute struct {
	Key
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

// ChatMuted tells that a user was muted, or may write again, and acknowledges
// [ChatMute] and [ChatUnmute].
type ChatMuted struct {
	Channel string `json:"channel"`
	UserID  string `json:"userId"`
	// ActorID is the moderator; "" for a back end.
	ActorID string `json:"actorId"`
	Muted   bool   `json:"muted"`
	// Until is when it ends, in milliseconds since the epoch.
	Until  int64  `json:"until,omitempty"`
	Reason string `json:"reason,omitempty"`
	Meta   *Meta  `json:"meta,omitempty"`
}

// The causes of a [ChatNotice].
const (
	ChatCauseMention = "mention"
	ChatCauseDirect  = "direct"
)

// ChatNotice tells a user of a message that is for it, whether or not it has joined
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

// ChatNoticeRemoved tells a user that the message of a [ChatNotice] was deleted.
type ChatNoticeRemoved struct {
	Channel string `json:"channel"`
	Seq     uint64 `json:"seq"` // the message's
	ID      string `json:"id"`
	Meta    *Meta  `json:"meta,omitempty"`
}

// ChatChannels asks for the caller's channels: those of its lobbies, its party and the
// topics that its token names, and then its direct channels, the latest first.
type ChatChannels struct {
	// Cursor is that of the page before; "" asks for the first page.
	Cursor string `json:"cursor,omitempty" validate:"max=1200"`
	// Limit is 1 to 50; 0, or left out, means 20.
	Limit int `json:"limit,omitempty" validate:"min=0,max=50"`
}

// ChatChannelPage acknowledges [ChatChannels].
type ChatChannelPage struct {
	Channels []ChatChannel `json:"channels"`
	// Cursor asks for the next page; "" on the last page.
	Cursor string `json:"cursor,omitempty"`
}

// ChatChannel is a channel of the caller's. A user's list has up to 200 direct channels.
// Beyond that, the one goes that is longest without a message, first of those in which the
// user never wrote; the channel itself stays.
type ChatChannel struct {
	Channel string `json:"channel"`
	// Peer is the other user of a direct channel.
	Peer string `json:"peer,omitempty"`
	// Last is the place of the newest message; left out when there is none among the newest
	// 50 events of the channel.
	Last *ChatLast `json:"last,omitempty"`
	// Unread counts up to 50 messages.
	ChatUnread
}

// ChatLast is the newest message of a channel, as it is now.
type ChatLast struct {
	Seq    uint64 `json:"seq"`
	TS     int64  `json:"ts"`
	ID     string `json:"id"`
	UserID string `json:"userId"`
	// Text is the beginning of the text, at most 140 code points; "" of a deleted message.
	Text string `json:"text,omitempty"`
}
