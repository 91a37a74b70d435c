// Written by hack/contract from runtime/wire; do not edit. Change the Go types there and
// run "make generate".

/** The version of the contract that this client implements. */
export const PROTOCOL = 1;

/** The application's own values, under keys that a policy declares. */
export type Attributes = Record<string, string | number | boolean>;

/** The version in force, or the ids of the caller's existing objects or groups. */
export type Current = number | string[];

/** The answer to a request. */
export type Ack<Data> = { ok: true; data: Data; meta?: Meta } | { ok: false; error: WireError };
/** CauseType names a change of a lobby. */
export type CauseType = "created" | "member_joined" | "member_left" | "member_kicked" | "member_updated" | "member_ready" | "member_disconnected" | "member_reconnected" | "member_timed_out" | "host_transferred" | "host_migrated" | "updated" | "closed" | "member_banned" | "unbanned" | "voted" | "member_voted_out" | "join_requested" | "join_answered" | "starting" | "start_cancelled" | "match_started" | "match_reported" | "match_ended" | "policy_changed" | "invited" | "invite_declined" | "invite_expired" | "leader_promoted" | "leader_succession";
/** CloseReason is the server's reason to end a connection. */
export type CloseReason = "unauthenticated" | "banned" | "unsupported_protocol" | "replaced" | "draining" | "slow_consumer" | "token_expired" | "insufficient_state" | "rate_limited" | "disconnected" | "invalid_packet" | "payload_too_large";
/** Code is the kind of an error. A client may branch on it; the set only grows within a protocol version. */
export type Code = "invalid_argument" | "unauthenticated" | "token_expired" | "permission_denied" | "banned" | "muted" | "not_found" | "already_exists" | "already_member" | "already_queued" | "version_conflict" | "idempotency_mismatch" | "failed_precondition" | "code_expired" | "payload_too_large" | "rate_limited" | "resource_exhausted" | "unsupported_protocol" | "unavailable" | "draining" | "deadline_exceeded" | "internal";
/** JoinedReason is the reason of a LobbyJoined. */
export type JoinedReason = "party" | "match" | "server";
/** LobbyStatus is the phase of a lobby. */
export type LobbyStatus = "open" | "locked" | "starting" | "in_match" | "closed";
/** NotifyChange is the kind of a change of notifications. */
export type NotifyChange = "read" | "deleted" | "expired";
/** PartyRole is the role of a member in a party. */
export type PartyRole = "leader" | "member";
/** PresenceStatus is the status of a user, merged over all of its devices. */
export type PresenceStatus = "in_match" | "in_lobby" | "in_queue" | "busy" | "online" | "away" | "offline" | "invisible";
/** Reason narrows a code: always for CodeFailedPrecondition, and for refusals because of the caller's existing objects or groups. */
export type Reason = "lobby_full" | "lobby_locked" | "lobby_started" | "lobby_closed" | "wrong_password" | "not_host" | "not_member" | "not_ready" | "not_starting" | "lobby_starting" | "not_in_match" | "teams_incomplete" | "teams_fixed" | "cooldown" | "party_full" | "party_locked" | "not_leader" | "party_too_large" | "member_offline" | "proposal_closed" | "lobby_limit" | "in_lobby" | "in_party" | "ticket_limit" | "subscription_limit" | "connection_limit" | "watch_limit" | "topic_limit" | "reaction_limit" | "room_limit";
/** Role is the role of a member in a lobby. */
export type Role = "host" | "member" | "spectator";
/** TicketState is the state of a ticket. */
export type TicketState = "searching" | "proposed" | "accepted" | "assigned" | "cancelled" | "expired";
/** Visibility decides who can find a lobby. */
export type Visibility = "public" | "friends" | "private";
/** Cause names the change of a lobby and the user behind it. */
export interface Cause {
  type: CauseType;
  actorId?: string;
  reason?: string;
}
/** ChatChanged acknowledges ChatEdit and ChatDelete. */
export interface ChatChanged {
  /** of the message */
  seq: number;
  id: string;
}
/** ChatChannel is a channel of the caller. A user's list has at most 200 direct channels. Beyond that, the list drops the channel with the oldest last message, and first a channel in which the user never wrote; the channel itself remains. */
export interface ChatChannel {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of other users after the mark. With MoreUnread, further messages were not counted. */
  unread: number;
  moreUnread?: boolean;
  channel: string;
  /** Peer is the other user of a direct channel. */
  peer?: string;
  /** Last is the newest message; left out when the channel's newest 50 events have no message. */
  last?: ChatLast;
}
/** ChatChannelPage acknowledges ChatChannels. */
export interface ChatChannelPage {
  channels: ChatChannel[];
  /** Cursor requests the next page; "" on the last page. */
  cursor?: string;
}
/** ChatChannels lists the caller's channels: first those of its lobbies, its party and the topics in its token, then its direct channels, the most recent first. */
export interface ChatChannels {
  /** Cursor comes from the previous page; "" requests the first page. */
  cursor?: string;
  /** Limit is 1 to 50; 0, or left out, means 20. */
  limit?: number;
}
/** ChatDelete deletes a message: the caller's own, or, for a moderator, any message. */
export interface ChatDelete {
  key?: string;
  channel: string;
  /** Seq is the seq of the message. */
  seq: number;
  /** ID, if given, must be the id of the message: a seq of an earlier epoch is then refused. */
  id?: string;
  reason?: string;
}
/** ChatDeleted reports that a message was deleted, and the user who deleted it. */
export interface ChatDeleted {
  channel: string;
  /** of the message */
  seq: number;
  id: string;
  userId: string;
  reason?: string;
  meta?: Meta;
}
/** ChatEdit replaces the text and data of the caller's own message. Its type does not change. */
export interface ChatEdit {
  key?: string;
  channel: string;
  /** Seq is the seq of the message. */
  seq: number;
  /** ID, if given, must be the id of the message: a seq of an earlier epoch is then refused. */
  id?: string;
  text?: string;
  data?: unknown;
}
/** ChatEdited reports that a message was edited; the time is in the meta. */
export interface ChatEdited {
  channel: string;
  /** of the message */
  seq: number;
  id: string;
  userId: string;
  text?: string;
  data?: unknown;
  meta?: Meta;
}
/** ChatHistory reads messages before or after a seq, at most one of which may be given; with neither, the newest messages. The message at the given seq is not included. */
export interface ChatHistory {
  channel: string;
  /** Before is a seq; 0 is as if it were left out, because no message is before 0. */
  before?: number;
  /** After is a seq; 0 asks for the oldest messages of the history. */
  after?: number;
  /** Limit is 1 to 100; 0, or left out, means 50. */
  limit?: number;
}
/** ChatJoin subscribes this connection to a channel: - "lobby:{id}" and "party:{id}" are open to the members; - "direct:{a}:{b}" to its two users, whose ids are in the order of their bytes. In each id write "%3A" for ":", and "%25" for a "%" before "3A" or "25"; - "topic:{name}" to users whose token has the scope "chat:topic:{name}" or "chat:topic:*". The longest name has two ids of 128 bytes in which every byte is escaped. */
export interface ChatJoin {
  channel: string;
}
/** ChatJoined acknowledges ChatJoin. Pushes of messages continue after the position in the envelope's meta. */
export interface ChatJoined {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of other users after the mark. With MoreUnread, further messages were not counted. */
  unread: number;
  moreUnread?: boolean;
  channel: string;
  /** Reads are the read marks of at most 256 users of the channel. */
  reads?: Record<string, number>;
}
/** ChatLast is the newest message of a channel, in its current form. */
export interface ChatLast {
  seq: number;
  ts: number;
  id: string;
  userId: string;
  /** Text is the beginning of the text, at most 140 code points; "" of a deleted message. */
  text?: string;
}
/** ChatLeave unsubscribes this connection from a channel. */
export interface ChatLeave {
  channel: string;
}
/** ChatMessage is a message, pushed to a channel and kept in its history. */
export interface ChatMessage {
  channel: string;
  id: string;
  userId: string;
  name?: string;
  /** the sender's idempotency key, so that the sender recognizes its own message */
  key?: string;
  type: string;
  text?: string;
  data?: unknown;
  replyTo?: number;
  mentions?: string[];
  /** The following fields are set only in a history: the changes of the message after it was sent. A deleted message has neither text nor data. */
  editedAt?: number;
  deleted?: boolean;
  reactions?: ChatReactions[];
  /** Meta is filled in when the message is delivered. */
  meta?: Meta;
}
/** ChatMute stops a user from writing and typing in a channel. Moderators may: a lobby's host, a party's leader, and a token with the scope "chat:moderate". */
export interface ChatMute {
  key?: string;
  channel: string;
  userId: string;
  /** ForMs is the duration: 1 second to 7 days; 0, or left out, means 10 minutes. */
  forMs?: number;
  reason?: string;
}
/** ChatMuted reports that a user was muted or may write again, and acknowledges ChatMute and ChatUnmute. */
export interface ChatMuted {
  channel: string;
  userId: string;
  /** ActorID is the moderator; "" for a back end. */
  actorId: string;
  muted: boolean;
  /** Until is the end of the mute, in milliseconds since the epoch. */
  until?: number;
  reason?: string;
  meta?: Meta;
}
/** ChatNotice notifies a user of a message addressed to it, even without a subscription to the channel. */
export interface ChatNotice {
  cause: string;
  channel: string;
  seq: number;
  id: string;
  /** the sender */
  userId: string;
  name?: string;
  /** Text is the beginning of the text, at most 140 code points. */
  text?: string;
  meta?: Meta;
}
/** ChatNoticeRemoved reports that the message of a ChatNotice was deleted. */
export interface ChatNoticeRemoved {
  channel: string;
  /** of the message */
  seq: number;
  id: string;
  meta?: Meta;
}
/** ChatPage acknowledges ChatHistory: messages in ascending seq, in their current form. */
export interface ChatPage {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of other users after the mark. With MoreUnread, further messages were not counted. */
  unread: number;
  moreUnread?: boolean;
  /** with meta */
  messages: ChatMessage[];
  /** HasMore reports that more messages exist in the requested direction. */
  hasMore: boolean;
}
/** ChatReact adds or removes a reaction to a message. */
export interface ChatReact {
  key?: string;
  channel: string;
  /** Seq is the seq of the message. */
  seq: number;
  /** ID, if given, must be the id of the message: a seq of an earlier epoch is then refused. */
  id?: string;
  /** Reaction is an emoji or a word of at most 32 bytes. */
  reaction: string;
  remove?: boolean;
}
/** ChatReacted acknowledges ChatReact. */
export interface ChatReacted {
  /** of the message */
  seq: number;
  reaction: string;
  /** Count is the current number of users with this reaction. */
  count: number;
}
/** ChatReaction reports that a user added or removed a reaction. */
export interface ChatReaction {
  channel: string;
  /** of the message */
  seq: number;
  userId: string;
  reaction: string;
  removed?: boolean;
  count: number;
  meta?: Meta;
}
/** ChatReactions lists the users with one reaction to a message, in the order of their reactions. */
export interface ChatReactions {
  reaction: string;
  userIds: string[];
}
/** ChatRead moves the caller's read mark forward to a seq of the channel. A seq at or before the mark changes nothing. */
export interface ChatRead {
  channel: string;
  seq: number;
}
/** ChatReadMark reports how far a user has read. The push is not part of the stream, so it has no meta. Any server repeats each moved mark once after about 5 seconds, so that the mark survives the server that accepted it. The same mark may arrive twice; chat:join returns all marks. The mark of an invisible user is pushed on the user's own stream alone, with a meta; other users see the mark with the next chat:read after the user is visible again. */
export interface ChatReadMark {
  channel: string;
  userId: string;
  readTo: number;
  meta?: Meta;
}
/** ChatReadTo acknowledges ChatRead with the mark in force. */
export interface ChatReadTo {
  readTo: number;
}
/** ChatSend sends a message. Type is defined by the application and defaults to "text", which requires Text; other types may carry Data only. "system" is refused because it is reserved for the server. */
export interface ChatSend {
  key?: string;
  channel: string;
  type?: string;
  /** Text is at most as long as the channel's policy allows, in code points. */
  text?: string;
  /** Data is any JSON value of at most 4 KiB. */
  data?: unknown;
  /** ReplyTo is the seq of the message that this message answers; that message may have left the history. 0, or left out, means none. A seq beyond the channel's newest is refused. */
  replyTo?: number;
  /** Mentions are ids of users in the channel. Each mentioned user receives a ChatNotice, except in topics, where the server does not know the subscribers. */
  mentions?: string[];
}
/** ChatSent acknowledges ChatSend after the message is committed. */
export interface ChatSent {
  id: string;
  seq: number;
  ts: number;
}
/** ChatTyping reports that the user is typing, or with Typing false that it stopped. The connection must have joined the channel. A muted user is refused with "muted"; the typing of an invisible user is dropped. */
export interface ChatTyping {
  channel: string;
  /** true when left out */
  typing?: boolean;
}
/** ChatTypist reports a typing user, at most every 2 seconds for each user. It has no meta and is not stored; a client removes the indicator after 6 seconds without another push. */
export interface ChatTypist {
  channel: string;
  userId: string;
  name?: string;
  typing: boolean;
}
/** ChatUnmute ends a mute. A mute by a token with the scope or by a back end is ended only by another such token or a back end. A host or leader may end a mute by a former host or leader. */
export interface ChatUnmute {
  key?: string;
  channel: string;
  userId: string;
}
/** ClientInfo names the connecting program, for logs and metrics only. */
export interface ClientInfo {
  name?: string;
  version?: string;
  platform?: string;
}
/** ConnectAuth is the Socket.IO `auth` payload of a client's connection. */
export interface ConnectAuth {
  /** Token is a JWT; in Anonymous mode, empty or any name chosen by the client. */
  token: string;
  /** Protocol is the version of this contract; 0, or left out, means the server's. */
  protocol: number;
  client?: ClientInfo;
  deviceId?: string;
  resume?: SyncResume;
}
/** Error is the error half of an acknowledgement. The domain rules return it as well, so that a refusal keeps its code from the rule to the client. */
export interface WireError {
  code: Code;
  reason?: Reason;
  message: string;
  /** Retryable reports that the unchanged request may succeed later. */
  retryable: boolean;
  /** RetryAfterMs is the delay before the retry, in milliseconds. */
  retryAfterMs?: number;
  /** Field is the path of the invalid field, as in "attributes.map". */
  field?: string;
  /** Current is the version in force after version_conflict, a number. In a refusal because of the caller's existing objects or groups, it lists their ids. */
  current?: Current;
}
/** Lobby is the state of a lobby as its members see it. */
export interface Lobby {
  id: string;
  type: string;
  name: string;
  /** Version is the seq of the lobby's stream, and Epoch the epoch of that seq. After a restart of the store, the next patch replaces both. */
  version: number;
  epoch: string;
  hostId: string;
  status: LobbyStatus;
  visibility: Visibility;
  code?: string;
  hasPassword: boolean;
  maxMembers: number;
  /** by user id */
  members: Record<string, Member>;
  attributes: Attributes;
  policy: PolicyRef;
  /** StartsAt is the end of the countdown while the lobby is starting. */
  startsAt?: number;
  matchId?: string;
  /** Match is the match of lobby:handoff, while the match runs. */
  match?: Match;
  /** LastMatch is the end of the previous match. */
  lastMatch?: MatchEnd;
  /** Votes counts the votes to kick a player, by the player's id. */
  votes?: Record<string, number>;
  createdAt: number;
  expiresAt: number;
}
/** LobbyBan bans a user, and removes a member (host only). */
export interface LobbyBan {
  key?: string;
  lobbyId: string;
  userId: string;
  reason?: string;
}
/** LobbyCode acknowledges lobby:regenerateCode. */
export interface LobbyCode {
  lobbyId: string;
  version: number;
  code: string;
}
/** LobbyCreate creates a lobby with the caller as its host. */
export interface LobbyCreate {
  key?: string;
  /** Type is a LobbyPolicy's lobbyType. */
  type: string;
  name?: string;
  visibility?: "public" | "friends" | "private";
  /** MaxMembers is within the policy's size; 0, or left out, means the policy's maximum. */
  maxMembers?: number;
  password?: string;
  /** Attributes are the lobby's; Member holds the host's own attributes. */
  attributes?: Attributes;
  member?: MemberInit;
  /** PartyID includes the party that the caller leads, as in LobbyJoin. */
  partyId?: string;
}
/** LobbyEnd ends the running match, where the policy allows it (host only). The lobby is open again, or locked as before, with its current members; nobody is ready. */
export interface LobbyEnd {
  key?: string;
  lobbyId: string;
  /** MatchID is the match to end; left out, any running match. */
  matchId?: string;
  /** Result is shown in the lobby until its next match ends: at most 16 keys and 2 KiB of texts, numbers and booleans. */
  result?: Attributes;
  /** Reason is published with the end. */
  reason?: string;
}
/** LobbyFilter matches a field that satisfies all given conditions. Texts are compared by their first 128 bytes. */
export interface LobbyFilter {
  eq?: unknown;
  ne?: unknown;
  lt?: unknown;
  lte?: unknown;
  gt?: unknown;
  gte?: unknown;
  in?: unknown[];
  /** Near matches numbers within a distance of a value. */
  near?: LobbyNear;
}
/** LobbyFound acknowledges lobby:search. A page with a Cursor may be short or even empty; further pages follow. */
export interface LobbyFound {
  lobbies: LobbyListing[];
  cursor?: string;
}
/** LobbyGet reads a lobby; a member also subscribes to its stream. */
export interface LobbyGet {
  lobbyId: string;
}
/** LobbyInviteSent acknowledges lobby:invite. */
export interface LobbyInviteSent {
  lobbyId: string;
  inviteId: string;
  expiresAt: number;
}
/** LobbyInvited invites a user. */
export interface LobbyInvited {
  inviteId: string;
  lobbyId: string;
  type: string;
  name?: string;
  fromId: string;
  fromName?: string;
  /** Requested reports that the invite answers the user's own lobby:requestJoin. */
  requested?: boolean;
  expiresAt: number;
  meta?: Meta;
}
/** LobbyJoin joins by id, by code or by an invite; exactly one must be given. PartyID includes the party that the caller leads, as a whole or not at all. The other players of the party become members who are not connected yet, and receive LobbyJoined. */
export interface LobbyJoin {
  key?: string;
  lobbyId?: string;
  code?: string;
  inviteId?: string;
  password?: string;
  /** As is member (the default) or spectator. */
  as?: "member" | "spectator";
  /** Team is a short form of member.team. */
  team?: string;
  member?: MemberInit;
  /** PartyID is for a join by id or code; an invite is for a single user. */
  partyId?: string;
}
/** LobbyJoinDeclined notifies a user that the host declined its request. */
export interface LobbyJoinDeclined {
  lobbyId: string;
  meta?: Meta;
}
/** LobbyJoinRequested asks the host to admit a user. */
export interface LobbyJoinRequested {
  lobbyId: string;
  userId: string;
  name?: string;
  message?: string;
  expiresAt: number;
  meta?: Meta;
}
/** LobbyJoined notifies a user, on its own stream, of a membership that the user did not request: its party's leader, a match or a back end added it. The user is connected once it requests the lobby (lobby:get) or reconnects; its place is kept until ExpiresAt. */
export interface LobbyJoined {
  lobbyId: string;
  type: string;
  name?: string;
  /** PartyID and FromID, the leader, are set when Reason is party. */
  partyId?: string;
  fromId?: string;
  fromName?: string;
  reason: JoinedReason;
  /** ExpiresAt is the end of the membership if the user has not connected, in milliseconds since the epoch. */
  expiresAt: number;
  meta?: Meta;
}
/** LobbyKick removes a member (host only). */
export interface LobbyKick {
  key?: string;
  lobbyId: string;
  userId: string;
  reason?: string;
}
/** LobbyLeave leaves a lobby. */
export interface LobbyLeave {
  key?: string;
  lobbyId: string;
}
/** LobbyListed notifies the watchers of a type of the changes within a quarter of a second. */
export interface LobbyListed {
  type: string;
  added?: LobbyListing[];
  updated?: LobbyListing[];
  removed?: string[];
  meta?: Meta;
}
/** LobbyListing is the public view of a lobby in search results. */
export interface LobbyListing {
  id: string;
  type: string;
  name: string;
  status: LobbyStatus;
  hasPassword: boolean;
  players: number;
  maxMembers: number;
  spectators: number;
  attributes: Attributes;
  createdAt: number;
}
/** LobbyMemberRef identifies a user for a lobby. */
export interface LobbyMemberRef {
  key?: string;
  lobbyId: string;
  userId: string;
}
/** LobbyMembership is a lobby of the caller, as in lobby:get, at Meta. */
export interface LobbyMembership {
  lobby: Lobby;
  meta: Meta;
}
/** LobbyMine acknowledges LobbyMineRequest, the earliest joined first. */
export interface LobbyMine {
  lobbies: LobbyMembership[];
}
/** LobbyMineRequest lists the caller's lobbies without a subscription; sync:resume from an entry's meta subscribes. */
export interface LobbyMineRequest {
}
/** LobbyNear matches from Value-Within to Value+Within. */
export interface LobbyNear {
  /** Value is any number; left out, it is 0. */
  value: number;
  /** Within is a distance of at least 0; 0, or left out, means the value itself. */
  within: number;
}
/** LobbyPatch takes a lobby from version From to To = From + 1. */
export interface LobbyPatch {
  lobbyId: string;
  from: number;
  to: number;
  ops: PatchOp[];
  cause: Cause;
  /** StartsAt is set in lobby:starting and Match in lobby:handoff. Both are patches of the version alone: the preceding patch has the change itself. */
  startsAt?: number;
  match?: Match;
  meta?: Meta;
}
/** LobbyPlace is a lobby of the caller. Its fields were read from the snapshot at Meta. */
export interface LobbyPlace {
  lobbyId: string;
  type: string;
  name?: string;
  role: Role;
  status: LobbyStatus;
  meta: Meta;
}
/** LobbyQuickCreate describes the lobby to create when none was found. */
export interface LobbyQuickCreate {
  name?: string;
  /** MaxMembers is within the policy's size; 0, or left out, means the policy's maximum. */
  maxMembers?: number;
  attributes?: Attributes;
}
/** LobbyQuickJoin joins any open lobby without a password that matches the filter. */
export interface LobbyQuickJoin {
  key?: string;
  type: string;
  filter?: Record<string, LobbyFilter>;
  member?: MemberInit;
  /** CreateIfNone creates a lobby when there is none to join. */
  createIfNone?: LobbyQuickCreate;
  /** PartyID includes the party that the caller leads, as in LobbyJoin; the lobby must have room for the whole party. */
  partyId?: string;
}
/** LobbyQuickJoined acknowledges lobby:quickJoin. */
export interface LobbyQuickJoined {
  lobby: Lobby;
  created: boolean;
}
/** LobbyReady sets whether the caller is ready. */
export interface LobbyReady {
  key?: string;
  lobbyId: string;
  ready: boolean;
}
/** LobbyRef identifies a lobby. */
export interface LobbyRef {
  key?: string;
  lobbyId: string;
}
/** LobbyRemoved notifies a user that it is no longer in a lobby. */
export interface LobbyRemoved {
  lobbyId: string;
  /** Reason is kicked, banned, timed_out or closed; left when the user left over another of its connections; lost when the server has lost the lobby, and then Meta is absent. */
  reason: string;
  message?: string;
  /** Version is the version of the lobby without the user; absent when the lobby was lost. A client that received the lobby with the user at this version or later ignores the push, because the user has joined again. */
  version?: number;
  meta?: Meta;
}
/** LobbyRequestJoin asks the host of a lobby, by id or by code, for admission. */
export interface LobbyRequestJoin {
  key?: string;
  lobbyId?: string;
  code?: string;
  message?: string;
}
/** LobbyRequestSent acknowledges lobby:requestJoin. */
export interface LobbyRequestSent {
  lobbyId: string;
  expiresAt: number;
}
/** LobbyRespondInvite accepts an invite, which joins like LobbyJoin, or declines it. */
export interface LobbyRespondInvite {
  key?: string;
  inviteId: string;
  accept: boolean;
  member?: MemberInit;
}
/** LobbyRespondJoin answers a request (host only). Accepting invites the user. */
export interface LobbyRespondJoin {
  key?: string;
  lobbyId: string;
  userId: string;
  accept: boolean;
}
/** LobbySearch finds public lobbies of a type. */
export interface LobbySearch {
  type: string;
  /** Filter has the condition for each field. Fields are name, status, hasPassword, players, free, maxMembers, createdAt, and attributes.KEY for the attributes that the policy makes searchable and public. */
  filter?: Record<string, LobbyFilter>;
  /** Sort is one of these fields, with a leading "-" for descending order; by default the newest come first. Lobbies without the field are not found. */
  sort?: string;
  /** Limit is at most the policy's maxResults; 0, or left out, means maxResults. */
  limit?: number;
  /** Cursor comes from the previous page with the same type, filter and sort. */
  cursor?: string;
}
/** LobbySet holds the changes of LobbyUpdate; absent fields do not change. */
export interface LobbySet {
  name?: string;
  visibility?: "public" | "friends" | "private";
  maxMembers?: number;
  locked?: boolean;
  password?: string;
  attributes?: Attributes;
}
/** LobbySetMember changes a member: the caller, or with UserID (host only) another member. */
export interface LobbySetMember {
  key?: string;
  lobbyId: string;
  userId?: string;
  team?: string;
  /** Role makes a spectator a player if there is room, or the reverse. */
  role?: "member" | "spectator";
  /** SwapWith offers a member to swap places: team, slot and role. The swap takes effect when the other member offers the same within a minute, or at once for the host; "" withdraws the offer. Nothing else is swapped. */
  swapWith?: string;
  attributes?: Attributes;
  unset?: string[];
}
/** LobbySnapshot is the whole state, pushed when patches cannot bridge a gap. */
export interface LobbySnapshot {
  lobby: Lobby;
  meta?: Meta;
}
/** LobbyState acknowledges create, get and join. */
export interface LobbyState {
  lobby: Lobby;
}
/** LobbyTransferHost makes another member the host (host only). */
export interface LobbyTransferHost {
  key?: string;
  lobbyId: string;
  userId: string;
}
/** LobbyType identifies a type of lobby. */
export interface LobbyType {
  type: string;
}
/** LobbyUpdate changes the lobby itself. With ExpectedVersion it is refused with CodeVersionConflict when the lobby has a later version. */
export interface LobbyUpdate {
  key?: string;
  lobbyId: string;
  /** ExpectedVersion is a version of the lobby; 0, or left out, accepts any version. */
  expectedVersion?: number;
  set?: LobbySet;
  /** Unset removes lobby attributes by key, or "password". */
  unset?: string[];
}
/** LobbyVersion acknowledges a change with the version after it. */
export interface LobbyVersion {
  lobbyId: string;
  version: number;
}
/** MMAnswer accepts or declines a proposal. */
export interface MMAnswer {
  key?: string;
  proposalId: string;
}
/** MMBackfill requests players for the open places of a match, on behalf of the host of its lobby. It covers current and future open places, for as long as a ticket of the queue may wait. A repeat restarts that time. */
export interface MMBackfill {
  key?: string;
  lobbyId: string;
  /** Stop ends the search. Players already found still join. */
  stop?: boolean;
}
/** MMBackfillState acknowledges MMBackfill. */
export interface MMBackfillState {
  lobbyId: string;
  queue: string;
  /** Open is the number of open places. */
  open: number;
  /** ExpiresAt is the end of the search for players; absent without a search. */
  expiresAt?: number;
}
/** MMCancel cancels a ticket. Any of its players may. */
export interface MMCancel {
  key?: string;
  ticketId: string;
}
/** MMCancelled reports that a ticket is currently not matched, and the reason. */
export interface MMCancelled {
  ticketId: string;
  queue: string;
  /** Reason is cancelled, declined (by a player of this ticket), timed_out (a player did not answer), others_declined, party_changed, disconnected, expired, queue_removed, queue_changed, handoff_failed, matched_elsewhere (a player was matched by another ticket) or in_lobby (a player has reached join.maxPerUser for the match's lobby type). */
  reason: string;
  /** Requeued reports that the ticket continues to search. */
  requeued: boolean;
  /** CooldownUntil is the earliest time at which the player may queue again here. */
  cooldownUntil?: number;
  meta?: Meta;
}
/** MMEnqueue creates a ticket; with PartyID, for the party that the caller leads. */
export interface MMEnqueue {
  key?: string;
  /** Queue is the queue to search. Exactly one of queue and queues is given. */
  queue?: string;
  /** Queues are the queues that a single ticket searches at once; the first match wins. */
  queues?: string[];
  partyId?: string;
  /** Attributes are declared by the queue: numbers, strings, booleans and lists of strings. A member of a party may set its own with party:setMember. */
  attributes?: Record<string, unknown>;
  /** Latencies are milliseconds by region. */
  latencies?: Record<string, number>;
}
/** MMHandoff is the place of a match: a lobby, or an address. */
export interface MMHandoff {
  /** Type is lobby or server. */
  type: string;
  lobbyId?: string;
  address?: string;
  /** Token admits the players; each gets a separate token where the service provides several. */
  token?: string;
  expiresAt?: number;
}
/** MMMatchTeam is one team of a match. */
export interface MMMatchTeam {
  name: string;
  players: string[];
}
/** MMMatched reports the players of a match and its hand-off. */
export interface MMMatched {
  matchId: string;
  queue: string;
  ticketId: string;
  /** Teams has all players, including the earlier players of the match. */
  teams: MMMatchTeam[];
  /** Backfill reports that the match was already running. */
  backfill?: boolean;
  region?: string;
  handoff: MMHandoff;
  meta?: Meta;
}
/** MMProposal asks the players of a match to accept. */
export interface MMProposal {
  proposalId: string;
  queue: string;
  ticketId: string;
  /** Players is the number of players who must accept, Accepted the number who have. */
  players: number;
  accepted: number;
  deadlineAt: number;
  /** Backfill reports that the match is already running: only the joining players are asked. */
  backfill?: boolean;
  meta?: Meta;
}
/** MMQueue is the clients' view of a queue. */
export interface MMQueue {
  name: string;
  teams: MMTeam[];
  /** MaxParty is the largest party that may queue. */
  maxParty: number;
  readyCheck: boolean;
  /** Backfill reports that the host of a match's lobby may request players for open places. */
  backfill: boolean;
  /** Population is the number of waiting tickets: "low", "medium" or "high", or a number; absent where the queue hides it. */
  population?: unknown;
  /** Regions are the regions for which clients send latencies. */
  regions?: string[];
}
/** MMQueueList acknowledges MMQueues. */
export interface MMQueueList {
  queues: MMQueue[];
}
/** MMQueues lists the queues. */
export interface MMQueues {
}
/** MMStatus reads the caller's tickets. */
export interface MMStatus {
}
/** MMStatusList acknowledges MMStatus. */
export interface MMStatusList {
  tickets: MMTicket[];
  proposals: MMProposal[];
}
/** MMTeam is a team of a queue's matches. */
export interface MMTeam {
  name: string;
  min: number;
  max: number;
}
/** MMTicket is the players' view of a ticket. */
export interface MMTicket {
  id: string;
  /** Queue is the queue of the proposal or match; while the ticket searches, its first queue. */
  queue: string;
  /** Queues are all queues that the ticket searches; absent for a single queue. */
  queues?: string[];
  state: TicketState;
  partyId?: string;
  players: string[];
  enqueuedAt: number;
  expiresAt: number;
  /** Attempt counts the failed matches. */
  attempt: number;
  /** EstimateMs is the approximate recent wait of similar tickets; absent where the queue hides it or has no estimate. */
  estimateMs?: number;
}
/** MMTicketPush reports each new state of a ticket, in addition to the event with the reason. The first state, and every five seconds the estimated wait, are transient: the push has no meta, is not kept, and may arrive after the ticket has ended. */
export interface MMTicketPush {
  ticket: MMTicket;
  meta?: Meta;
}
/** MMTicketState acknowledges MMEnqueue. */
export interface MMTicketState {
  ticket: MMTicket;
}
/** Match is the hand-off of a lobby's players to their match. */
export interface Match {
  matchId: string;
  lobbyId: string;
  startedAt: number;
  /** by user id */
  players: Record<string, MatchPlayer>;
  /** Connection is the address of the match, once a back end has reported it. */
  connection?: Attributes;
}
/** MatchEnd describes the end of a lobby's match. */
export interface MatchEnd {
  matchId: string;
  startedAt: number;
  endedAt: number;
  /** EndedBy is the host who ended the match; absent when a back end did. */
  endedBy?: string;
  result?: Attributes;
}
/** MatchPlayer is a player's place in a match. */
export interface MatchPlayer {
  team?: string;
  slot: number;
}
/** Member is one user in a lobby. */
export interface Member {
  role: Role;
  name?: string;
  team?: string;
  /** Slot is the member's place, 0-based, kept until the member leaves or swaps places. */
  slot: number;
  ready: boolean;
  /** SwapWith is the other member of the swap of places that this member offers. */
  swapWith?: string;
  /** Connected is false while the disconnected member may still reconnect (disconnectGrace). */
  connected: boolean;
  joinedAt: number;
  attributes: Attributes;
}
/** MemberInit holds a user's own values when the user creates or joins a lobby. */
export interface MemberInit {
  team?: string;
  attributes?: Attributes;
}
/** Meta is the position of a push, or of the state in an acknowledgement, in its stream. A client applies a push whose Seq is its last Seq plus one, drops a push with a Seq that is not larger, and calls SyncResume on a gap or another Epoch. */
export interface Meta {
  /** Stream is the name of the stream, as in "lobby:01J…". */
  stream: string;
  /** Epoch changes when the server lost the stream's history. */
  epoch: string;
  /** Seq counts the events of a stream: 1, 2, 3 … without gaps. */
  seq: number;
  /** TS is the time of the commit, in milliseconds since the epoch. */
  ts: number;
}
/** Notification is an entry of a user's inbox. */
export interface Notification {
  id: string;
  /** Type is the kind of notification, named by its source, as in "lobby.invited". */
  type: string;
  /** Topic is the topic of the notification, if any. */
  topic?: string;
  title?: string;
  body?: string;
  data?: unknown;
  /** CollapseKey replaces an earlier notification with the same key. */
  collapseKey?: string;
  createdAt: number;
  /** ExpiresAt is when the notification leaves the inbox. */
  expiresAt: number;
  acked: boolean;
  read: boolean;
}
/** NotifyAck acknowledges delivered notifications: the server does not push them again, and does not call the webhook for them. */
export interface NotifyAck {
  key?: string;
  ids: string[];
}
/** NotifyBadge is the number of unread notifications. The badge with the higher Version is current. */
export interface NotifyBadge {
  unread: number;
  version: number;
  meta?: Meta;
}
/** NotifyDelete removes notifications from the inbox. */
export interface NotifyDelete {
  key?: string;
  ids: string[];
}
/** NotifyList reads the caller's inbox, newest first. */
export interface NotifyList {
  /** Cursor comes from the previous page. */
  cursor?: string;
  /** Limit is 1 to 100; 0, or left out, means 50. */
  limit?: number;
  unreadOnly?: boolean;
  topics?: string[];
}
/** NotifyNew is a new notification, also one from the time when the user was offline. A notification without an acknowledgement is pushed again, without meta, to each session that connects: clients deduplicate by its id. */
export interface NotifyNew {
  notification: Notification;
  /** Replaces is the id of the notification that this notification replaced. */
  replaces?: string;
  meta?: Meta;
}
/** NotifyPage acknowledges NotifyList. Cursor is set when there are more entries. */
export interface NotifyPage {
  notifications: Notification[];
  cursor?: string;
  unread: number;
}
/** NotifyRead marks notifications as read. Exactly one field must be given. */
export interface NotifyRead {
  key?: string;
  ids?: string[];
  /** UpTo selects this notification and all earlier ones. */
  upTo?: string;
  all?: boolean;
}
/** NotifySubscribed acknowledges NotifyTopics with all topics of the user. */
export interface NotifySubscribed {
  topics: string[];
}
/** NotifyTopics subscribes the user to topics, on all devices and also while it is offline, or unsubscribes it. */
export interface NotifyTopics {
  key?: string;
  topics: string[];
}
/** NotifyUpdated notifies the user's devices of a change of IDs, or of the notification UpTo and all earlier ones. */
export interface NotifyUpdated {
  change: NotifyChange;
  ids?: string[];
  upTo?: string;
  meta?: Meta;
}
/** Party is the state of a party as its members see it. Other users do not see it. */
export interface Party {
  id: string;
  /** Version is the seq of the party's stream, and Epoch the epoch of that seq. After a restart of the store, the next patch replaces both. */
  version: number;
  epoch: string;
  leaderId: string;
  /** Code admits users while the party is joinable. */
  code: string;
  maxMembers: number;
  /** Joinable is false while the leader closes the party to its code: users then join only by an invite. */
  joinable: boolean;
  attributes: Attributes;
  /** by user id */
  members: Record<string, PartyMemberView>;
  /** Invited are the users with a pending invite, with its expiry. */
  invited: Record<string, number>;
  closed: boolean;
  createdAt: number;
}
/** PartyBan bans a user for the life of the party, and removes a member (leader only). At most 64 users are banned at once. */
export interface PartyBan {
  key?: string;
  partyId: string;
  userId: string;
  reason?: string;
}
/** PartyCode acknowledges PartyNewCode. */
export interface PartyCode {
  partyId: string;
  version: number;
  code: string;
}
/** PartyCreate creates a party with the caller as leader. A user is in at most one party. */
export interface PartyCreate {
  key?: string;
  /** MaxMembers is 2 to 16; 0, or left out, means 8. */
  maxMembers?: number;
  attributes?: Attributes;
}
/** PartyGet reads the caller's party and subscribes to its stream; an id is optional. */
export interface PartyGet {
  partyId?: string;
}
/** PartyInvite invites a user. Any member may; a user with a pending invite receives the same invite with a new expiry. */
export interface PartyInvite {
  key?: string;
  partyId: string;
  userId: string;
}
/** PartyInviteSent acknowledges PartyInvite. */
export interface PartyInviteSent {
  inviteId: string;
  expiresAt: number;
}
/** PartyInvited invites a user, on its own stream, into a party. */
export interface PartyInvited {
  inviteId: string;
  partyId: string;
  fromId: string;
  fromName?: string;
  expiresAt: number;
  meta?: Meta;
}
/** PartyJoin joins by the party's code. */
export interface PartyJoin {
  key?: string;
  code: string;
  attributes?: Attributes;
}
/** PartyKick removes a member (leader only). The user cannot rejoin by the code for ten minutes, unless the leader invites it or lifts the block with PartyUnban. */
export interface PartyKick {
  key?: string;
  partyId: string;
  userId: string;
  reason?: string;
}
/** PartyLeave leaves a party. When the leader leaves, the connected member with the longest membership becomes the leader. */
export interface PartyLeave {
  key?: string;
  partyId: string;
}
/** PartyMemberView is one user in a party. */
export interface PartyMemberView {
  role: PartyRole;
  name?: string;
  /** Ready is the member's last party:ready. The members are no longer ready when a member joins or leaves, or when the leader changes the party's size or attributes. */
  ready: boolean;
  /** Connected is false while the disconnected member may still reconnect. */
  connected: boolean;
  joinedAt: number;
  attributes: Attributes;
}
/** PartyNewCode replaces the party's code; the old code becomes invalid (leader only). */
export interface PartyNewCode {
  key?: string;
  partyId: string;
}
/** PartyPatch takes a party from version From to To = From + 1. */
export interface PartyPatch {
  partyId: string;
  from: number;
  to: number;
  ops: PatchOp[];
  cause: Cause;
  meta?: Meta;
}
/** PartyPlace is the caller's party, at Meta. */
export interface PartyPlace {
  partyId: string;
  meta: Meta;
}
/** PartyPromote makes another member the leader (leader only). */
export interface PartyPromote {
  key?: string;
  partyId: string;
  userId: string;
}
/** PartyReady sets whether the caller is ready. */
export interface PartyReady {
  key?: string;
  partyId: string;
  ready: boolean;
}
/** PartyRemoved notifies a user that it is no longer in a party. */
export interface PartyRemoved {
  partyId: string;
  /** Reason is kicked, banned or timed_out; left when the user left over another of its connections; lost when the server has lost the party. */
  reason: string;
  message?: string;
  /** Version is the version of the party without the user; absent when the party was lost. A client that received the party with the user at this version or later ignores the push, because the user has joined again. */
  version?: number;
  meta?: Meta;
}
/** PartyRespondInvite accepts or declines an invite. */
export interface PartyRespondInvite {
  key?: string;
  inviteId: string;
  accept: boolean;
  attributes?: Attributes;
}
/** PartySet holds the changes of PartyUpdate; absent fields do not change. */
export interface PartySet {
  /** MaxMembers is 2 to 16, and at least the current number of members. */
  maxMembers?: number;
  joinable?: boolean;
  attributes?: Attributes;
}
/** PartySetMember changes the caller's own attributes. */
export interface PartySetMember {
  key?: string;
  partyId: string;
  attributes?: Attributes;
  unset?: string[];
}
/** PartySnapshot is the whole state, pushed when patches cannot bridge a gap. */
export interface PartySnapshot {
  party: Party;
  meta?: Meta;
}
/** PartyState acknowledges create, get, join and an accepted invite. */
export interface PartyState {
  party: Party;
}
/** PartyUnban lets a banned or kicked user join again (leader only). */
export interface PartyUnban {
  key?: string;
  partyId: string;
  userId: string;
}
/** PartyUpdate changes the party itself (leader only). With ExpectedVersion it is refused with CodeVersionConflict when the party has a later version. */
export interface PartyUpdate {
  key?: string;
  partyId: string;
  /** ExpectedVersion is a version of the party; 0, or left out, accepts any version. */
  expectedVersion?: number;
  set?: PartySet;
  /** Unset removes attributes of the party by key. */
  unset?: string[];
}
/** PartyVersion acknowledges a change with the version after it. */
export interface PartyVersion {
  partyId: string;
  version: number;
}
/** PatchOp is an operation of JSON Patch (RFC 6902): add, replace or remove. Its path is within the lobby. */
export interface PatchOp {
  op: string;
  path: string;
  value?: unknown;
}
/** PolicyRef names the LobbyPolicy and the revision under which a lobby was created. */
export interface PolicyRef {
  name: string;
  revision: string;
}
/** Presence is the status of a user for other users. */
export interface Presence {
  userId: string;
  status: PresenceStatus;
  text?: string;
  data?: unknown;
  /** LastSeen is the end of the last connection of an offline user; 0 when unknown. */
  lastSeen?: number;
}
/** PresenceActivity reports that the user was active on this device. */
export interface PresenceActivity {
}
/** PresenceGet reads presences; without ids, the caller's own. */
export interface PresenceGet {
  userIds?: string[];
}
/** PresenceSet changes the caller's own presence; absent fields do not change. Busy and invisible apply to all devices, away to this device, and online clears these. */
export interface PresenceSet {
  key?: string;
  status?: "online" | "away" | "busy" | "invisible";
  /** Text is for people; "" removes it. */
  text?: string;
  /** Data is any JSON value of at most 1 KiB; null removes it. */
  data?: unknown;
}
/** PresenceState acknowledges PresenceSet with the presence that the user itself sees. */
export interface PresenceState {
  presence: Presence;
}
/** PresenceSubscribe watches users by id, or the members of one of the caller's lobbies or parties as they join and leave. A connection watches at most 200 ids and 8 lists. */
export interface PresenceSubscribe {
  userIds?: string[];
  /** List is "lobby:" or "party:" and an id. */
  list?: string;
}
/** PresenceUpdate has the current state of each watched user that changed in the last half second. A new connection must subscribe again. */
export interface PresenceUpdate {
  changes: Presence[];
}
/** Presences acknowledges get and subscribe, in the order of the requested ids. */
export interface Presences {
  presences: Presence[];
}
/** ResumedEvent is a missed push: its event name, and its payload with meta. */
export interface ResumedEvent {
  event: string;
  data: unknown;
}
/** RoomMembership reports that the user joined or left a room. */
export interface RoomMembership {
  room: string;
  meta?: Meta;
}
/** SessionDraining announces that this server is shutting down. The client keeps working until the transport closes and then connects again by itself. */
export interface SessionDraining {
  reason: string;
  reconnectAfterMs: number;
  deadlineAt: number;
}
/** SessionEnding reports, on the user's own stream, that a back end ends sessions of the user: those listed, or all. Each then receives SessionTerminated. */
export interface SessionEnding {
  sessionIds?: string[];
  code: CloseReason;
  message?: string;
  meta?: Meta;
}
/** SessionExpiring warns that the token expires soon; refresh before ExpiresAt. */
export interface SessionExpiring {
  expiresAt: number;
  /** GraceMs is how long the session is kept after ExpiresAt, in milliseconds. */
  graceMs: number;
}
/** SessionLimits lists the limits beyond which a client is refused. */
export interface SessionLimits {
  eventsPerSecond: number;
  burst: number;
  maxPayload: number;
  subscriptions: number;
}
/** SessionReady is the first push after a successful connect. */
export interface SessionReady {
  /** Lobbies are the caller's, the earliest joined first. A session subscribes to a lobby on request: sync:resume from an entry's meta, or lobby:get. */
  lobbies?: LobbyPlace[];
  /** Party is the caller's; sync:resume from its meta, or party:get, subscribes to it. */
  party?: PartyPlace;
  /** Tickets and Proposals equal those of mm:status. */
  tickets?: MMTicket[];
  proposals?: MMProposal[];
  sessionId: string;
  userId: string;
  name?: string;
  scopes: string[];
  serverTime: number;
  /** TokenExpiresAt is absent when the session does not expire. */
  tokenExpiresAt?: number;
  limits: SessionLimits;
  features: Record<string, boolean>;
  policyRevision: string;
  /** Resumed answers ConnectAuth.Resume, with a result for each stream. */
  resumed?: StreamResumed[];
  /** Follows are the session's default subscriptions that are not in Resumed: the user's own stream, the broadcast stream, and those of its rooms. Pushes continue from Seq plus one. */
  follows?: StreamStand[];
}
/** SessionRefresh replaces the token of a live session; the user must be the same. */
export interface SessionRefresh {
  token: string;
}
/** SessionRefreshed acknowledges SessionRefresh. */
export interface SessionRefreshed {
  tokenExpiresAt?: number;
  scopes: string[];
}
/** SessionTerminated is the last push before the server closes the transport. */
export interface SessionTerminated {
  code: CloseReason;
  message: string;
  /** Reconnect is false when connecting again with the same credentials is useless. */
  reconnect: boolean;
}
/** StreamPosition is the last position that a client applied. Seq 0 with an empty Epoch is the position before the first event, which a client gets for a stream without events: a resume then returns all events of the stream, or the current state if the log was truncated. */
export interface StreamPosition {
  stream: string;
  epoch: string;
  seq: number;
}
/** StreamResumed is the result of resuming one stream. When Recovered, Events are all missed events, to be applied in order, whatever their epoch. Otherwise Snapshot is the current state (absent for streams without a state), and the history before Seq is unavailable. Live pushes follow from Seq plus one, in Epoch. Error is set, and all other fields absent, when the stream cannot be resumed at all, or, if retryable, when this answer had no room left: an answer has at most 512 KiB of events and snapshots, or half of outboundBytes if that is less. */
export interface StreamResumed {
  stream: string;
  recovered: boolean;
  epoch: string;
  seq: number;
  /** Events is present, possibly empty, when Recovered. */
  events?: ResumedEvent[];
  /** More reports that Events has only the first missed events, as many as had room. The client asks again from Seq, and ignores pushes before that answer. */
  more?: boolean;
  snapshot?: unknown;
  error?: WireError;
}
/** StreamStand is the position of a subscribed stream. It has the fields of StreamPosition, some of which a client may leave out. */
export interface StreamStand {
  stream: string;
  epoch: string;
  seq: number;
}
/** SyncLost names streams whose subscription ended: the token of a SessionRefresh or a change of policies no longer allows them. It has no meta. */
export interface SyncLost {
  streams: string[];
}
/** SyncPing measures the round trip to the server. */
export interface SyncPing {
  /** At is a time of the client's own clock; the answer repeats it, including 0. */
  at?: number;
}
/** SyncPong acknowledges SyncPing. */
export interface SyncPong {
  at?: number;
  serverTime: number;
}
/** SyncResume requests the missed events of up to 64 streams. */
export interface SyncResume {
  streams: StreamPosition[];
}
/** SyncResumed acknowledges SyncResume, with a result for each stream in the requested order. */
export interface SyncResumed {
  streams: StreamResumed[];
}

/** The pushes of the server. */
export interface ServerToClientEvents {
  "chat:read": (push: ChatReadMark) => void;
  "chat:typing": (push: ChatTypist) => void;
  "chat:message": (push: ChatMessage) => void;
  "chat:edited": (push: ChatEdited) => void;
  "chat:deleted": (push: ChatDeleted) => void;
  "chat:reaction": (push: ChatReaction) => void;
  "chat:muted": (push: ChatMuted) => void;
  "chat:notice": (push: ChatNotice) => void;
  "chat:noticeRemoved": (push: ChatNoticeRemoved) => void;
  "lobby:listed": (push: LobbyListed) => void;
  "lobby:snapshot": (push: LobbySnapshot) => void;
  "lobby:patch": (push: LobbyPatch) => void;
  "lobby:starting": (push: LobbyPatch) => void;
  "lobby:handoff": (push: LobbyPatch) => void;
  "lobby:removed": (push: LobbyRemoved) => void;
  "lobby:joined": (push: LobbyJoined) => void;
  "lobby:invited": (push: LobbyInvited) => void;
  "lobby:joinRequested": (push: LobbyJoinRequested) => void;
  "lobby:joinDeclined": (push: LobbyJoinDeclined) => void;
  "mm:ticket": (push: MMTicketPush) => void;
  "mm:proposal": (push: MMProposal) => void;
  "mm:matched": (push: MMMatched) => void;
  "mm:cancelled": (push: MMCancelled) => void;
  "notify:new": (push: NotifyNew) => void;
  "notify:updated": (push: NotifyUpdated) => void;
  "notify:badge": (push: NotifyBadge) => void;
  "party:snapshot": (push: PartySnapshot) => void;
  "party:patch": (push: PartyPatch) => void;
  "party:invited": (push: PartyInvited) => void;
  "party:removed": (push: PartyRemoved) => void;
  "presence:update": (push: PresenceUpdate) => void;
  "room:joined": (push: RoomMembership) => void;
  "room:left": (push: RoomMembership) => void;
  "session:ready": (push: SessionReady) => void;
  "session:expiring": (push: SessionExpiring) => void;
  "session:draining": (push: SessionDraining) => void;
  "session:terminated": (push: SessionTerminated) => void;
  "session:ending": (push: SessionEnding) => void;
  "sync:lost": (push: SyncLost) => void;
}

/** The requests of a client, each with its acknowledgement. */
export interface ClientToServerEvents {
  "chat:join": (request: ChatJoin, ack: (answer: Ack<ChatJoined>) => void) => void;
  "chat:leave": (request: ChatLeave, ack: (answer: Ack<undefined>) => void) => void;
  "chat:send": (request: ChatSend, ack: (answer: Ack<ChatSent>) => void) => void;
  "chat:edit": (request: ChatEdit, ack: (answer: Ack<ChatChanged>) => void) => void;
  "chat:delete": (request: ChatDelete, ack: (answer: Ack<ChatChanged>) => void) => void;
  "chat:react": (request: ChatReact, ack: (answer: Ack<ChatReacted>) => void) => void;
  "chat:history": (request: ChatHistory, ack: (answer: Ack<ChatPage>) => void) => void;
  "chat:read": (request: ChatRead, ack: (answer: Ack<ChatReadTo>) => void) => void;
  "chat:typing": (request: ChatTyping) => void;
  "chat:channels": (request: ChatChannels, ack: (answer: Ack<ChatChannelPage>) => void) => void;
  "chat:mute": (request: ChatMute, ack: (answer: Ack<ChatMuted>) => void) => void;
  "chat:unmute": (request: ChatUnmute, ack: (answer: Ack<ChatMuted>) => void) => void;
  "lobby:create": (request: LobbyCreate, ack: (answer: Ack<LobbyState>) => void) => void;
  "lobby:get": (request: LobbyGet, ack: (answer: Ack<LobbyState>) => void) => void;
  "lobby:mine": (request: LobbyMineRequest, ack: (answer: Ack<LobbyMine>) => void) => void;
  "lobby:join": (request: LobbyJoin, ack: (answer: Ack<LobbyState>) => void) => void;
  "lobby:leave": (request: LobbyLeave, ack: (answer: Ack<undefined>) => void) => void;
  "lobby:update": (request: LobbyUpdate, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:setMember": (request: LobbySetMember, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:ready": (request: LobbyReady, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:kick": (request: LobbyKick, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:transferHost": (request: LobbyTransferHost, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:ban": (request: LobbyBan, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:unban": (request: LobbyMemberRef, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:voteKick": (request: LobbyMemberRef, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:invite": (request: LobbyMemberRef, ack: (answer: Ack<LobbyInviteSent>) => void) => void;
  "lobby:respondInvite": (request: LobbyRespondInvite, ack: (answer: Ack<LobbyState | undefined>) => void) => void;
  "lobby:requestJoin": (request: LobbyRequestJoin, ack: (answer: Ack<LobbyRequestSent>) => void) => void;
  "lobby:respondJoin": (request: LobbyRespondJoin, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:regenerateCode": (request: LobbyRef, ack: (answer: Ack<LobbyCode>) => void) => void;
  "lobby:start": (request: LobbyRef, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:cancelStart": (request: LobbyRef, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:end": (request: LobbyEnd, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:close": (request: LobbyRef, ack: (answer: Ack<LobbyVersion>) => void) => void;
  "lobby:search": (request: LobbySearch, ack: (answer: Ack<LobbyFound>) => void) => void;
  "lobby:watch": (request: LobbyType, ack: (answer: Ack<LobbyType>) => void) => void;
  "lobby:unwatch": (request: LobbyType, ack: (answer: Ack<undefined>) => void) => void;
  "lobby:quickJoin": (request: LobbyQuickJoin, ack: (answer: Ack<LobbyQuickJoined>) => void) => void;
  "mm:queues": (request: MMQueues, ack: (answer: Ack<MMQueueList>) => void) => void;
  "mm:enqueue": (request: MMEnqueue, ack: (answer: Ack<MMTicketState>) => void) => void;
  "mm:cancel": (request: MMCancel, ack: (answer: Ack<undefined>) => void) => void;
  "mm:status": (request: MMStatus, ack: (answer: Ack<MMStatusList>) => void) => void;
  "mm:accept": (request: MMAnswer, ack: (answer: Ack<undefined>) => void) => void;
  "mm:decline": (request: MMAnswer, ack: (answer: Ack<undefined>) => void) => void;
  "mm:backfill": (request: MMBackfill, ack: (answer: Ack<MMBackfillState>) => void) => void;
  "notify:list": (request: NotifyList, ack: (answer: Ack<NotifyPage>) => void) => void;
  "notify:ack": (request: NotifyAck, ack: (answer: Ack<NotifyBadge>) => void) => void;
  "notify:read": (request: NotifyRead, ack: (answer: Ack<NotifyBadge>) => void) => void;
  "notify:delete": (request: NotifyDelete, ack: (answer: Ack<NotifyBadge>) => void) => void;
  "notify:subscribe": (request: NotifyTopics, ack: (answer: Ack<NotifySubscribed>) => void) => void;
  "notify:unsubscribe": (request: NotifyTopics, ack: (answer: Ack<NotifySubscribed>) => void) => void;
  "party:create": (request: PartyCreate, ack: (answer: Ack<PartyState>) => void) => void;
  "party:get": (request: PartyGet, ack: (answer: Ack<PartyState>) => void) => void;
  "party:invite": (request: PartyInvite, ack: (answer: Ack<PartyInviteSent>) => void) => void;
  "party:respondInvite": (request: PartyRespondInvite, ack: (answer: Ack<PartyState | undefined>) => void) => void;
  "party:join": (request: PartyJoin, ack: (answer: Ack<PartyState>) => void) => void;
  "party:leave": (request: PartyLeave, ack: (answer: Ack<undefined>) => void) => void;
  "party:kick": (request: PartyKick, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:promote": (request: PartyPromote, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:setMember": (request: PartySetMember, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:ban": (request: PartyBan, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:unban": (request: PartyUnban, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:update": (request: PartyUpdate, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:ready": (request: PartyReady, ack: (answer: Ack<PartyVersion>) => void) => void;
  "party:regenerateCode": (request: PartyNewCode, ack: (answer: Ack<PartyCode>) => void) => void;
  "presence:set": (request: PresenceSet, ack: (answer: Ack<PresenceState>) => void) => void;
  "presence:get": (request: PresenceGet, ack: (answer: Ack<Presences>) => void) => void;
  "presence:subscribe": (request: PresenceSubscribe, ack: (answer: Ack<Presences>) => void) => void;
  "presence:unsubscribe": (request: PresenceSubscribe, ack: (answer: Ack<undefined>) => void) => void;
  "presence:activity": (request: PresenceActivity) => void;
  "session:refresh": (request: SessionRefresh, ack: (answer: Ack<SessionRefreshed>) => void) => void;
  "sync:resume": (request: SyncResume, ack: (answer: Ack<SyncResumed>) => void) => void;
  "sync:ping": (request: SyncPing, ack: (answer: Ack<SyncPong>) => void) => void;
}

/** The requests that take an idempotency key. */
export const KEYED: ReadonlySet<string> = new Set([
  "chat:send",
  "chat:edit",
  "chat:delete",
  "chat:react",
  "chat:mute",
  "chat:unmute",
  "lobby:create",
  "lobby:join",
  "lobby:leave",
  "lobby:update",
  "lobby:setMember",
  "lobby:ready",
  "lobby:kick",
  "lobby:transferHost",
  "lobby:ban",
  "lobby:unban",
  "lobby:voteKick",
  "lobby:invite",
  "lobby:respondInvite",
  "lobby:requestJoin",
  "lobby:respondJoin",
  "lobby:regenerateCode",
  "lobby:start",
  "lobby:cancelStart",
  "lobby:end",
  "lobby:close",
  "lobby:quickJoin",
  "mm:enqueue",
  "mm:cancel",
  "mm:accept",
  "mm:decline",
  "mm:backfill",
  "notify:ack",
  "notify:read",
  "notify:delete",
  "notify:subscribe",
  "notify:unsubscribe",
  "party:create",
  "party:invite",
  "party:respondInvite",
  "party:join",
  "party:leave",
  "party:kick",
  "party:promote",
  "party:setMember",
  "party:ban",
  "party:unban",
  "party:update",
  "party:ready",
  "party:regenerateCode",
  "presence:set",
]);
