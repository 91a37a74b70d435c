// Written by hack/contract from runtime/wire; do not edit. Change the Go types there and
// run "make generate".

/** The version of the contract that this client speaks. */
export const PROTOCOL = 1;

/** The application's own values, under keys that a policy declares. */
export type Attributes = Record<string, string | number | boolean>;

/** The version in force, or the ids of what the caller already has or is in. */
export type Current = number | string[];

/** The answer to a request. */
export type Ack<Data> = { ok: true; data: Data; meta?: Meta } | { ok: false; error: WireError };
/** CauseType names a change of a lobby. */
export type CauseType = "created" | "member_joined" | "member_left" | "member_kicked" | "member_updated" | "member_ready" | "member_disconnected" | "member_reconnected" | "member_timed_out" | "host_transferred" | "host_migrated" | "updated" | "closed" | "member_banned" | "unbanned" | "voted" | "member_voted_out" | "join_requested" | "join_answered" | "starting" | "start_cancelled" | "match_started" | "match_reported" | "match_ended" | "policy_changed" | "invited" | "invite_declined" | "invite_expired" | "leader_promoted" | "leader_succession";
/** CloseReason says why the server ends a connection. */
export type CloseReason = "unauthenticated" | "banned" | "unsupported_protocol" | "replaced" | "draining" | "slow_consumer" | "token_expired" | "insufficient_state" | "rate_limited" | "disconnected" | "invalid_packet" | "payload_too_large";
/** Code says what kind of error happened. A client may branch on it; the set only grows within a protocol version. */
export type Code = "invalid_argument" | "unauthenticated" | "token_expired" | "permission_denied" | "banned" | "muted" | "not_found" | "already_exists" | "already_member" | "already_queued" | "version_conflict" | "idempotency_mismatch" | "failed_precondition" | "code_expired" | "payload_too_large" | "rate_limited" | "resource_exhausted" | "unsupported_protocol" | "unavailable" | "draining" | "deadline_exceeded" | "internal";
/** JoinedReason is why a user is a member of a lobby that it did not join itself. */
export type JoinedReason = "party" | "match" | "server";
/** LobbyStatus is where a lobby is in its life. */
export type LobbyStatus = "open" | "locked" | "starting" | "in_match" | "closed";
/** NotifyChange is what happened to notifications. */
export type NotifyChange = "read" | "deleted" | "expired";
/** PartyRole is what a member is in a party. */
export type PartyRole = "leader" | "member";
/** PresenceStatus is what a user does, merged over all of its devices. */
export type PresenceStatus = "in_match" | "in_lobby" | "in_queue" | "busy" | "online" | "away" | "offline" | "invisible";
/** Reason narrows a code: always CodeFailedPrecondition, and the codes of refusals because of what the caller already has. */
export type Reason = "lobby_full" | "lobby_locked" | "lobby_started" | "lobby_closed" | "wrong_password" | "not_host" | "not_member" | "not_ready" | "not_starting" | "lobby_starting" | "not_in_match" | "teams_incomplete" | "teams_fixed" | "cooldown" | "party_full" | "party_locked" | "not_leader" | "party_too_large" | "member_offline" | "proposal_closed" | "lobby_limit" | "in_lobby" | "in_party" | "ticket_limit" | "subscription_limit" | "connection_limit" | "watch_limit" | "topic_limit" | "reaction_limit" | "room_limit";
/** Role is what a member is in a lobby. */
export type Role = "host" | "member" | "spectator";
/** TicketState is where a ticket is. */
export type TicketState = "searching" | "proposed" | "accepted" | "assigned" | "cancelled" | "expired";
/** Visibility says who can find a lobby. */
export type Visibility = "public" | "friends" | "private";
/** Cause says what changed a lobby, and who. */
export interface Cause {
  type: CauseType;
  actorId?: string;
  reason?: string;
}
/** ChatChanged acknowledges ChatEdit and ChatDelete. */
export interface ChatChanged {
  /** the message's */
  seq: number;
  id: string;
}
/** ChatChannel is a channel of the caller's. A user's list has up to 200 direct channels. Beyond that, the one goes that is longest without a message, first of those in which the user never wrote; the channel itself stays. */
export interface ChatChannel {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of others after the mark; with MoreUnread there are more than were counted. */
  unread: number;
  moreUnread?: boolean;
  channel: string;
  /** Peer is the other user of a direct channel. */
  peer?: string;
  /** Last is the place of the newest message; left out when there is none among the newest 50 events of the channel. */
  last?: ChatLast;
}
/** ChatChannelPage acknowledges ChatChannels. */
export interface ChatChannelPage {
  channels: ChatChannel[];
  /** Cursor asks for the next page; "" on the last page. */
  cursor?: string;
}
/** ChatChannels asks for the caller's channels: those of its lobbies, its party and the topics that its token names, and then its direct channels, the latest first. */
export interface ChatChannels {
  /** Cursor is that of the page before; "" asks for the first page. */
  cursor?: string;
  /** Limit is 1 to 50; 0, or left out, means 20. */
  limit?: number;
}
/** ChatDelete deletes a message: one's own, or, for a moderator, anybody's. */
export interface ChatDelete {
  key?: string;
  channel: string;
  /** Seq is the message's. */
  seq: number;
  /** ID, when given, has to be the message's: it tells when a seq of an earlier epoch is meant. */
  id?: string;
  reason?: string;
}
/** ChatDeleted tells that a message was deleted, and by whom. */
export interface ChatDeleted {
  channel: string;
  /** the message's */
  seq: number;
  id: string;
  userId: string;
  reason?: string;
  meta?: Meta;
}
/** ChatEdit replaces the text and data of one's own message. Its type stays. */
export interface ChatEdit {
  key?: string;
  channel: string;
  /** Seq is the message's. */
  seq: number;
  /** ID, when given, has to be the message's: it tells when a seq of an earlier epoch is meant. */
  id?: string;
  text?: string;
  data?: unknown;
}
/** ChatEdited tells that a message was edited; the time is in the meta. */
export interface ChatEdited {
  channel: string;
  /** the message's */
  seq: number;
  id: string;
  userId: string;
  text?: string;
  data?: unknown;
  meta?: Meta;
}
/** ChatHistory asks for messages before or after a seq, at most one of which may be given; with neither, the newest. The cursor's own message is not included. */
export interface ChatHistory {
  channel: string;
  /** Before is a seq; 0 is as if it were left out, because no message is before 0. */
  before?: number;
  /** After is a seq; 0 asks for the oldest messages of the history. */
  after?: number;
  /** Limit is 1 to 100; 0, or left out, means 50. */
  limit?: number;
}
/** ChatJoin subscribes this connection to a channel: - "lobby:{id}" and "party:{id}" are open to the members; - "direct:{a}:{b}" to its two users, whose ids are in the order of their bytes. In each id write "%3A" for ":", and "%25" for a "%" before "3A" or "25"; - "topic:{name}" to users whose token has the scope "chat:topic:{name}" or "chat:topic:*". The longest name is that of two ids of 128 bytes in which every byte is escaped. */
export interface ChatJoin {
  channel: string;
}
/** ChatJoined acknowledges ChatJoin; the envelope's meta is the position from which messages will be pushed. */
export interface ChatJoined {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of others after the mark; with MoreUnread there are more than were counted. */
  unread: number;
  moreUnread?: boolean;
  channel: string;
  /** Reads are the read marks of the channel's users, of at most 256. */
  reads?: Record<string, number>;
}
/** ChatLast is the newest message of a channel, as it is now. */
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
/** ChatMessage is one message, pushed to a channel and kept in its history. */
export interface ChatMessage {
  channel: string;
  id: string;
  userId: string;
  name?: string;
  /** the sender's own key, so that it can match its echo */
  key?: string;
  type: string;
  text?: string;
  data?: unknown;
  replyTo?: number;
  mentions?: string[];
  /** What follows is only in a history: what became of the message since it was sent. A deleted one has neither text nor data. */
  editedAt?: number;
  deleted?: boolean;
  reactions?: ChatReactions[];
  /** Meta is filled in when the message is delivered. */
  meta?: Meta;
}
/** ChatMute keeps a user from writing and typing in a channel. Moderators may: a lobby's host, a party's leader, and whose token has the scope "chat:moderate". */
export interface ChatMute {
  key?: string;
  channel: string;
  userId: string;
  /** ForMs is for how long: 1 second to 7 days; 0, or left out, means 10 minutes. */
  forMs?: number;
  reason?: string;
}
/** ChatMuted tells that a user was muted, or may write again, and acknowledges ChatMute and ChatUnmute. */
export interface ChatMuted {
  channel: string;
  userId: string;
  /** ActorID is the moderator; "" for a back end. */
  actorId: string;
  muted: boolean;
  /** Until is when it ends, in milliseconds since the epoch. */
  until?: number;
  reason?: string;
  meta?: Meta;
}
/** ChatNotice tells a user of a message that is for it, whether or not it has joined the channel. */
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
/** ChatNoticeRemoved tells a user that the message of a ChatNotice was deleted. */
export interface ChatNoticeRemoved {
  channel: string;
  /** the message's */
  seq: number;
  id: string;
  meta?: Meta;
}
/** ChatPage acknowledges ChatHistory: messages in ascending seq, as they are now. */
export interface ChatPage {
  /** ReadTo is the user's own read mark: a seq, 0 when it has read nothing. */
  readTo: number;
  /** Unread counts the messages of others after the mark; with MoreUnread there are more than were counted. */
  unread: number;
  moreUnread?: boolean;
  /** with meta */
  messages: ChatMessage[];
  /** HasMore tells that more messages lie in the direction asked. */
  hasMore: boolean;
}
/** ChatReact reacts to a message, or takes that back. */
export interface ChatReact {
  key?: string;
  channel: string;
  /** Seq is the message's. */
  seq: number;
  /** ID, when given, has to be the message's: it tells when a seq of an earlier epoch is meant. */
  id?: string;
  /** Reaction is an emoji or a word of at most 32 bytes. */
  reaction: string;
  remove?: boolean;
}
/** ChatReacted acknowledges ChatReact. */
export interface ChatReacted {
  /** the message's */
  seq: number;
  reaction: string;
  /** Count is how many users react in this way now. */
  count: number;
}
/** ChatReaction tells that a user reacted to a message, or took it back. */
export interface ChatReaction {
  channel: string;
  /** the message's */
  seq: number;
  userId: string;
  reaction: string;
  removed?: boolean;
  count: number;
  meta?: Meta;
}
/** ChatReactions are the users who reacted to a message in one way, in the order in which they did. */
export interface ChatReactions {
  reaction: string;
  userIds: string[];
}
/** ChatRead moves the caller's read mark forward to a seq of the channel; one that is not beyond the mark changes nothing. */
export interface ChatRead {
  channel: string;
  seq: number;
}
/** ChatReadMark tells how far a user has read. It is not part of the stream, so it has no meta. Each mark that moved is pushed once more after about 5 seconds, by any server, so that it survives the server that took it. The same mark may come twice, and chat:join has all marks. That of an invisible user is pushed on the user's own stream alone, with a meta; others see it with the next chat:read after the user is visible again. */
export interface ChatReadMark {
  channel: string;
  userId: string;
  readTo: number;
  meta?: Meta;
}
/** ChatReadTo acknowledges ChatRead with the mark that is in force. */
export interface ChatReadTo {
  readTo: number;
}
/** ChatSend sends a message. Type is the application's own word for the kind of message and defaults to "text", which needs Text; other types may carry Data only. "system" is refused: it is kept for the server. */
export interface ChatSend {
  key?: string;
  channel: string;
  type?: string;
  /** Text is at most as long as the channel's policy allows, in code points. */
  text?: string;
  /** Data is any JSON value of at most 4 KiB. */
  data?: unknown;
  /** ReplyTo is the seq of the message that this one answers, which may have left the history; 0, or left out, means none. A seq that the channel has not given yet is refused. */
  replyTo?: number;
  /** Mentions are ids of users who are in the channel. Each is told by a ChatNotice, except in topics, where the server does not know who listens. */
  mentions?: string[];
}
/** ChatSent acknowledges ChatSend after the message is committed. */
export interface ChatSent {
  id: string;
  seq: number;
  ts: number;
}
/** ChatTyping tells that the user is typing, or with Typing false that it stopped. The connection has to have joined the channel. A muted user is refused with "muted"; what an invisible user types is dropped. */
export interface ChatTyping {
  channel: string;
  /** true when left out */
  typing?: boolean;
}
/** ChatTypist tells who is typing: at most every 2 seconds for each user. It has no meta and is not stored; take it back after 6 seconds without another. */
export interface ChatTypist {
  channel: string;
  userId: string;
  name?: string;
  typing: boolean;
}
/** ChatUnmute ends that. A mute by a token with the scope or by a back end is ended only by another such token or a back end. A host or leader may end its own mute by a former one. */
export interface ChatUnmute {
  key?: string;
  channel: string;
  userId: string;
}
/** ClientInfo names the program that connects; it is only for logs and metrics. */
export interface ClientInfo {
  name?: string;
  version?: string;
  platform?: string;
}
/** ConnectAuth is what a client sends as Socket.IO `auth` when it connects. */
export interface ConnectAuth {
  /** Token is a JWT, or in Anonymous mode empty or any name the client gives itself. */
  token: string;
  /** Protocol is the version of this contract; 0, or left out, means the server's. */
  protocol: number;
  client?: ClientInfo;
  deviceId?: string;
  resume?: SyncResume;
}
/** Error is the error half of an acknowledgement. It is also the error type that the domain rules return, so that a refusal keeps its code from the rule that made it to the client that reads it. */
export interface WireError {
  code: Code;
  reason?: Reason;
  message: string;
  /** Retryable says that the same request may succeed later, unchanged. */
  retryable: boolean;
  /** RetryAfterMs is how long to wait before that, in milliseconds. */
  retryAfterMs?: number;
  /** Field is the path of the field that is wrong, as in "attributes.map". */
  field?: string;
  /** Current is the version in force after version_conflict, a number. In a refusal because of what the caller already has or is in, it lists the ids of that. */
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
  /** StartsAt is when the countdown of a lobby that is starting ends. */
  startsAt?: number;
  matchId?: string;
  /** Match is what lobby:handoff told, while the lobby is in its match. */
  match?: Match;
  /** LastMatch is what became of the match before. */
  lastMatch?: MatchEnd;
  /** Votes count those who want a player out, by the player's id. */
  votes?: Record<string, number>;
  createdAt: number;
  expiresAt: number;
}
/** LobbyBan keeps a user out, and takes it out if it is in (host only). */
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
/** LobbyCreate makes a lobby whose host is the caller. */
export interface LobbyCreate {
  key?: string;
  /** Type is a LobbyPolicy's lobbyType. */
  type: string;
  name?: string;
  visibility?: "public" | "friends" | "private";
  /** MaxMembers is within the policy's size; 0, or left out, means the policy's maximum. */
  maxMembers?: number;
  password?: string;
  /** Attributes are the lobby's, Member the host's own. */
  attributes?: Attributes;
  member?: MemberInit;
  /** PartyID brings the party that the caller leads, as in LobbyJoin. */
  partyId?: string;
}
/** LobbyEnd ends the running match, where the policy lets the host do so (host only). The lobby is open again, or locked if it was, with the members who are in; nobody is ready. */
export interface LobbyEnd {
  key?: string;
  lobbyId: string;
  /** MatchID is the match that is meant; left out, any that runs. */
  matchId?: string;
  /** Result is shown in the lobby until its next match ends: at most 16 keys and 2 KiB of texts, numbers and booleans. */
  result?: Attributes;
  /** Reason is told with the end. */
  reason?: string;
}
/** LobbyFilter is true of a field for which all that is given is true. Texts are compared by their first 128 bytes. */
export interface LobbyFilter {
  eq?: unknown;
  ne?: unknown;
  lt?: unknown;
  lte?: unknown;
  gt?: unknown;
  gte?: unknown;
  in?: unknown[];
  /** Near is for numbers that are within a distance of a value. */
  near?: LobbyNear;
}
/** LobbyFound acknowledges lobby:search. A page may be short, even empty, while there is a Cursor: go on with it. */
export interface LobbyFound {
  lobbies: LobbyListing[];
  cursor?: string;
}
/** LobbyGet reads a lobby; members also follow its stream from then on. */
export interface LobbyGet {
  lobbyId: string;
}
/** LobbyInviteSent acknowledges lobby:invite. */
export interface LobbyInviteSent {
  lobbyId: string;
  inviteId: string;
  expiresAt: number;
}
/** LobbyInvited asks a user in. */
export interface LobbyInvited {
  inviteId: string;
  lobbyId: string;
  type: string;
  name?: string;
  fromId: string;
  fromName?: string;
  /** Requested says that this answers the user's own lobby:requestJoin. */
  requested?: boolean;
  expiresAt: number;
  meta?: Meta;
}
/** LobbyJoin joins by id, by code or by an invite; exactly one must be given. With PartyID the party that the caller leads comes along, all of it or nobody: the others are members who are not connected yet, and are told by LobbyJoined. */
export interface LobbyJoin {
  key?: string;
  lobbyId?: string;
  code?: string;
  inviteId?: string;
  password?: string;
  /** As is member (the default) or spectator. */
  as?: "member" | "spectator";
  /** Team is short for member.team. */
  team?: string;
  member?: MemberInit;
  /** PartyID goes with an id or a code; an invite is for one user. */
  partyId?: string;
}
/** LobbyJoinDeclined tells a user that the host does not let it in. */
export interface LobbyJoinDeclined {
  lobbyId: string;
  meta?: Meta;
}
/** LobbyJoinRequested asks the host to let a user in. */
export interface LobbyJoinRequested {
  lobbyId: string;
  userId: string;
  name?: string;
  message?: string;
  expiresAt: number;
  meta?: Meta;
}
/** LobbyJoined tells a user, on its own stream, that it is a member of a lobby that it did not join itself: its party's leader, a match or a back end put it there. It is connected as soon as it asks for the lobby (lobby:get), or connects anew; until ExpiresAt its place is kept. */
export interface LobbyJoined {
  lobbyId: string;
  type: string;
  name?: string;
  /** PartyID and FromID, the leader, are there when Reason is party. */
  partyId?: string;
  fromId?: string;
  fromName?: string;
  reason: JoinedReason;
  /** ExpiresAt is when the user leaves if it has not come, in milliseconds since the epoch. */
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
/** LobbyListed tells those who watch a type what has changed in a quarter of a second. */
export interface LobbyListed {
  type: string;
  added?: LobbyListing[];
  updated?: LobbyListing[];
  removed?: string[];
  meta?: Meta;
}
/** LobbyListing is a lobby as those see it who look for one. */
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
/** LobbyMemberRef names a user for a lobby. */
export interface LobbyMemberRef {
  key?: string;
  lobbyId: string;
  userId: string;
}
/** LobbyMembership is a lobby that the caller is in, as lobby:get gives it, at Meta. */
export interface LobbyMembership {
  lobby: Lobby;
  meta: Meta;
}
/** LobbyMine acknowledges LobbyMineRequest, the longest joined first. */
export interface LobbyMine {
  lobbies: LobbyMembership[];
}
/** LobbyMineRequest asks for the lobbies that the caller is in. It follows none of them: sync:resume from an entry's meta does. */
export interface LobbyMineRequest {
}
/** LobbyNear is true from Value-Within to Value+Within. */
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
  /** StartsAt is set in lobby:starting and Match in lobby:handoff. Both are patches of their own, of the version alone: what they tell of is in the patch before. */
  startsAt?: number;
  match?: Match;
  meta?: Meta;
}
/** LobbyPlace is a lobby that the caller is in. Its fields were read from the snapshot at Meta. */
export interface LobbyPlace {
  lobbyId: string;
  type: string;
  name?: string;
  role: Role;
  status: LobbyStatus;
  meta: Meta;
}
/** LobbyQuickCreate is what a lobby is made with when none was found. */
export interface LobbyQuickCreate {
  name?: string;
  /** MaxMembers is within the policy's size; 0, or left out, means the policy's maximum. */
  maxMembers?: number;
  attributes?: Attributes;
}
/** LobbyQuickJoin joins any open lobby without a password that the filter is true of. */
export interface LobbyQuickJoin {
  key?: string;
  type: string;
  filter?: Record<string, LobbyFilter>;
  member?: MemberInit;
  /** CreateIfNone makes a lobby when there is none to join. */
  createIfNone?: LobbyQuickCreate;
  /** PartyID brings the party that the caller leads, as in LobbyJoin, into a lobby with room for all of it. */
  partyId?: string;
}
/** LobbyQuickJoined acknowledges lobby:quickJoin. */
export interface LobbyQuickJoined {
  lobby: Lobby;
  created: boolean;
}
/** LobbyReady says whether the caller is ready. */
export interface LobbyReady {
  key?: string;
  lobbyId: string;
  ready: boolean;
}
/** LobbyRef names a lobby. */
export interface LobbyRef {
  key?: string;
  lobbyId: string;
}
/** LobbyRemoved tells a user that it is no longer in a lobby. */
export interface LobbyRemoved {
  lobbyId: string;
  /** Reason is kicked, banned, timed_out or closed; left when the user itself left over another of its connections; lost when the server has lost the lobby, and then there is no Meta. */
  reason: string;
  message?: string;
  /** Version is that of the lobby without the user; absent when it was lost. A client that was given the lobby with the user in it at this version or a later one ignores the push: the user has come back since. */
  version?: number;
  meta?: Meta;
}
/** LobbyRequestJoin asks the host to be let in, to a lobby found by id or by code. */
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
/** LobbyRespondInvite accepts an invite, which joins as LobbyJoin does, or declines it. */
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
  /** Filter has, for each field, what has to be true of it. Fields are name, status, hasPassword, players, free, maxMembers, createdAt, and attributes.KEY for those that the policy makes searchable and public. */
  filter?: Record<string, LobbyFilter>;
  /** Sort is one of these fields, with "-" before it for the largest first; without it the newest come first. Lobbies that lack the field are not found. */
  sort?: string;
  /** Limit is at most the policy's maxResults; 0, or left out, means maxResults. */
  limit?: number;
  /** Cursor is that of the page before, for the same type, filter and sort. */
  cursor?: string;
}
/** LobbySet is what LobbyUpdate may set; absent fields stay as they are. */
export interface LobbySet {
  name?: string;
  visibility?: "public" | "friends" | "private";
  maxMembers?: number;
  locked?: boolean;
  password?: string;
  attributes?: Attributes;
}
/** LobbySetMember changes a member: the caller, or with UserID (host only) another. */
export interface LobbySetMember {
  key?: string;
  lobbyId: string;
  userId?: string;
  team?: string;
  /** Role makes a spectator a player, where there is room, or the reverse. */
  role?: "member" | "spectator";
  /** SwapWith offers the caller's place to a member for that member's: team, slot, and role. When the other offers the same within a minute, or when the host asks, the two change places; "" takes the offer back. Nothing else goes with it. */
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
/** LobbyType names a type of lobby. */
export interface LobbyType {
  type: string;
}
/** LobbyUpdate changes the lobby itself. With ExpectedVersion it is refused with CodeVersionConflict when the lobby has moved on. */
export interface LobbyUpdate {
  key?: string;
  lobbyId: string;
  /** ExpectedVersion is a version of the lobby; 0, or left out, accepts any version. */
  expectedVersion?: number;
  set?: LobbySet;
  /** Unset removes lobby attributes by key, or "password". */
  unset?: string[];
}
/** LobbyVersion acknowledges a change: the version after it. */
export interface LobbyVersion {
  lobbyId: string;
  version: number;
}
/** MMAnswer accepts or declines a proposal. */
export interface MMAnswer {
  key?: string;
  proposalId: string;
}
/** MMBackfill asks for players for the open places of a match, on the word of the host of its lobby: for those that are open and those that become so, for as long as a ticket of the queue may wait. Asking again begins that time anew. */
export interface MMBackfill {
  key?: string;
  lobbyId: string;
  /** Stop looks for no more players. Those who have been found still come. */
  stop?: boolean;
}
/** MMBackfillState acknowledges MMBackfill. */
export interface MMBackfillState {
  lobbyId: string;
  queue: string;
  /** Open is how many places are open. */
  open: number;
  /** ExpiresAt is until when players are looked for; absent when they are not. */
  expiresAt?: number;
}
/** MMCancel takes a ticket back. Any of its players may. */
export interface MMCancel {
  key?: string;
  ticketId: string;
}
/** MMCancelled says that a ticket is not matched now, and why. */
export interface MMCancelled {
  ticketId: string;
  queue: string;
  /** Reason is cancelled, declined (by a player of this ticket), timed_out (one did not answer), others_declined, party_changed, disconnected, expired, queue_removed, queue_changed, handoff_failed, matched_elsewhere (a player of the ticket was matched by another ticket) or in_lobby (a player of the ticket is in as many lobbies of the match's type as join.maxPerUser allows). */
  reason: string;
  /** Requeued says that the ticket searches on. */
  requeued: boolean;
  /** CooldownUntil is until when the player may not queue again here. */
  cooldownUntil?: number;
  meta?: Meta;
}
/** MMEnqueue asks for a match; with PartyID for the caller's party, which it leads. */
export interface MMEnqueue {
  key?: string;
  /** Queue is the queue to search. Exactly one of queue and queues is given. */
  queue?: string;
  /** Queues are several queues that one ticket searches at once; the first match wins. */
  queues?: string[];
  partyId?: string;
  /** Attributes are those that the queue declares: numbers, strings, booleans and lists of strings. A member of a party may have its own by party:setMember. */
  attributes?: Record<string, unknown>;
  /** Latencies are milliseconds by region. */
  latencies?: Record<string, number>;
}
/** MMHandoff is the place where a match is played: a lobby, or an address. */
export interface MMHandoff {
  /** Type is lobby or server. */
  type: string;
  lobbyId?: string;
  address?: string;
  /** Token lets the players in; each gets its own where the service gives several. */
  token?: string;
  expiresAt?: number;
}
/** MMMatchTeam is one team of a match. */
export interface MMMatchTeam {
  name: string;
  players: string[];
}
/** MMMatched says where to play. */
export interface MMMatched {
  matchId: string;
  queue: string;
  ticketId: string;
  /** Teams are all who play, also those who were there before. */
  teams: MMMatchTeam[];
  /** Backfill says that the match ran already. */
  backfill?: boolean;
  region?: string;
  handoff: MMHandoff;
  meta?: Meta;
}
/** MMProposal asks the players of a match whether they are there. */
export interface MMProposal {
  proposalId: string;
  queue: string;
  ticketId: string;
  /** Players is how many it takes, Accepted how many have accepted so far. */
  players: number;
  accepted: number;
  deadlineAt: number;
  /** Backfill says that the match runs already: only those who would come are asked. */
  backfill?: boolean;
  meta?: Meta;
}
/** MMQueue is a queue as clients see it. */
export interface MMQueue {
  name: string;
  teams: MMTeam[];
  /** MaxParty is the largest party that may queue. */
  maxParty: number;
  readyCheck: boolean;
  /** Backfill says that the host of a match's lobby may ask for players in open places. */
  backfill: boolean;
  /** Population is how many tickets wait: "low", "medium" or "high", or a number; it is absent where the queue does not tell. */
  population?: unknown;
  /** Regions are those that clients send latencies for. */
  regions?: string[];
}
/** MMQueueList acknowledges MMQueues. */
export interface MMQueueList {
  queues: MMQueue[];
}
/** MMQueues asks which queues there are. */
export interface MMQueues {
}
/** MMStatus asks for the caller's tickets. */
export interface MMStatus {
}
/** MMStatusList acknowledges MMStatus. */
export interface MMStatusList {
  tickets: MMTicket[];
  proposals: MMProposal[];
}
/** MMTeam is one team of a queue's matches. */
export interface MMTeam {
  name: string;
  min: number;
  max: number;
}
/** MMTicket is a ticket as its players see it. */
export interface MMTicket {
  id: string;
  /** Queue is the queue of the proposal or match; while the ticket searches, the first of its queues. */
  queue: string;
  /** Queues are all queues that the ticket searches; absent when it is one. */
  queues?: string[];
  state: TicketState;
  partyId?: string;
  players: string[];
  enqueuedAt: number;
  expiresAt: number;
  /** Attempt counts the matches that came to nothing. */
  attempt: number;
  /** EstimateMs is about how long such tickets waited lately; absent where the queue does not tell or nothing is known. */
  estimateMs?: number;
}
/** MMTicketPush tells each state that a ticket comes to, beside the event that says why. That it was entered, and every five seconds how long it may take, is news of the moment: it comes without a meta, is not kept, and may come after the ticket has ended. */
export interface MMTicketPush {
  ticket: MMTicket;
  meta?: Meta;
}
/** MMTicketState acknowledges MMEnqueue. */
export interface MMTicketState {
  ticket: MMTicket;
}
/** Match is what the players of a lobby are handed over to. */
export interface Match {
  matchId: string;
  lobbyId: string;
  startedAt: number;
  /** by user id */
  players: Record<string, MatchPlayer>;
  /** Connection is where the match is, once a back end has reported it. */
  connection?: Attributes;
}
/** MatchEnd is what became of a match of a lobby. */
export interface MatchEnd {
  matchId: string;
  startedAt: number;
  endedAt: number;
  /** EndedBy is the host who ended it; absent when a back end did. */
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
  /** Slot is the member's place, 0-based, kept until it leaves or changes places. */
  slot: number;
  ready: boolean;
  /** SwapWith is the member to whom this one offers its place for that member's. */
  swapWith?: string;
  /** Connected is false while the member may still come back (disconnectGrace). */
  connected: boolean;
  joinedAt: number;
  attributes: Attributes;
}
/** MemberInit is what a user brings when it creates or joins a lobby. */
export interface MemberInit {
  team?: string;
  attributes?: Attributes;
}
/** Meta is the place of a push, or of the state in an acknowledgement, in its stream. A client applies a push whose Seq is its last plus one, drops one whose Seq is not larger, and calls SyncResume on a gap or another Epoch. */
export interface Meta {
  /** Stream is the name of the stream, as in "lobby:01J…". */
  stream: string;
  /** Epoch changes when the server lost the stream's past. */
  epoch: string;
  /** Seq counts the events of one stream: 1, 2, 3 … without holes. */
  seq: number;
  /** TS is when the event was committed, in milliseconds since the epoch. */
  ts: number;
}
/** Notification is one entry of a user's inbox. */
export interface Notification {
  id: string;
  /** Type is the word of whoever made it for its kind, as in "lobby.invited". */
  type: string;
  /** Topic is the topic that it came over, if any. */
  topic?: string;
  title?: string;
  body?: string;
  data?: unknown;
  /** CollapseKey: a later notification with the same one takes this one's place. */
  collapseKey?: string;
  createdAt: number;
  /** ExpiresAt is when it leaves the inbox by itself. */
  expiresAt: number;
  acked: boolean;
  read: boolean;
}
/** NotifyAck says that notifications have arrived: they are not pushed again, and nobody is called for them. */
export interface NotifyAck {
  key?: string;
  ids: string[];
}
/** NotifyBadge is how many notifications are unread. Of two, the one with the higher Version holds. */
export interface NotifyBadge {
  unread: number;
  version: number;
  meta?: Meta;
}
/** NotifyDelete takes notifications out of the inbox. */
export interface NotifyDelete {
  key?: string;
  ids: string[];
}
/** NotifyList asks for the caller's inbox, newest first. */
export interface NotifyList {
  /** Cursor is the one that the page before gave. */
  cursor?: string;
  /** Limit is 1 to 100; 0, or left out, means 50. */
  limit?: number;
  unreadOnly?: boolean;
  topics?: string[];
}
/** NotifyNew is a notification that came, or that came while the user was away. One that was not acknowledged comes again, without meta, for each session that connects: go by its id. */
export interface NotifyNew {
  notification: Notification;
  /** Replaces is the notification whose place it takes, which is gone. */
  replaces?: string;
  meta?: Meta;
}
/** NotifyPage acknowledges NotifyList. Cursor is there when there are more. */
export interface NotifyPage {
  notifications: Notification[];
  cursor?: string;
  unread: number;
}
/** NotifyRead marks notifications as read. Exactly one of its ways must be given. */
export interface NotifyRead {
  key?: string;
  ids?: string[];
  /** UpTo means this notification and all that came before it. */
  upTo?: string;
  all?: boolean;
}
/** NotifySubscribed acknowledges NotifyTopics with all topics of the user. */
export interface NotifySubscribed {
  topics: string[];
}
/** NotifyTopics subscribes the user, on all devices and also while it is away, to topics, or takes that back. */
export interface NotifyTopics {
  key?: string;
  topics: string[];
}
/** NotifyUpdated tells the user's devices of a change: of IDs, or of the notification UpTo and all before it. */
export interface NotifyUpdated {
  change: NotifyChange;
  ids?: string[];
  upTo?: string;
  meta?: Meta;
}
/** Party is the state of a party as its members see it. Others see nothing of it. */
export interface Party {
  id: string;
  /** Version is the seq of the party's stream, and Epoch the epoch of that seq. After a restart of the store, the next patch replaces both. */
  version: number;
  epoch: string;
  leaderId: string;
  /** Code lets users who know it join while the party is joinable. */
  code: string;
  maxMembers: number;
  /** Joinable is false while the leader keeps the party closed to its code: users come in by an invite only. */
  joinable: boolean;
  attributes: Attributes;
  /** by user id */
  members: Record<string, PartyMemberView>;
  /** Invited are the users who have not answered yet, with until when they may. */
  invited: Record<string, number>;
  closed: boolean;
  createdAt: number;
}
/** PartyBan keeps a user out as long as the party lives, and takes it out if it is in (leader only). At most 64 users are banned at once. */
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
/** PartyCreate makes a party that the caller leads. A user is in one party at once. */
export interface PartyCreate {
  key?: string;
  /** MaxMembers is 2 to 16; 0, or left out, means 8. */
  maxMembers?: number;
  attributes?: Attributes;
}
/** PartyGet reads the caller's party and follows its stream; without an id, the one that the caller is in. */
export interface PartyGet {
  partyId?: string;
}
/** PartyInvite asks a user in. Any member may; a user who has an invite already gets the same one again with a new time. */
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
/** PartyInvited tells a user, on its own stream, that it is asked into a party. */
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
/** PartyKick removes a member (leader only). The user may not come back by the code for ten minutes, unless the leader invites it or takes that back by PartyUnban. */
export interface PartyKick {
  key?: string;
  partyId: string;
  userId: string;
  reason?: string;
}
/** PartyLeave leaves a party. When the leader leaves, the member who is longest in and connected leads. */
export interface PartyLeave {
  key?: string;
  partyId: string;
}
/** PartyMemberView is one user in a party. */
export interface PartyMemberView {
  role: PartyRole;
  name?: string;
  /** Ready is what the member said by party:ready. Nobody is ready any more when a member comes or goes, and when the leader changes the party's size or attributes. */
  ready: boolean;
  /** Connected is false while the member may still come back. */
  connected: boolean;
  joinedAt: number;
  attributes: Attributes;
}
/** PartyNewCode gives the party another code; the old one is no longer good (leader only). */
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
/** PartyPlace is the party that the caller is in, at Meta. */
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
/** PartyReady says whether the caller is ready. */
export interface PartyReady {
  key?: string;
  partyId: string;
  ready: boolean;
}
/** PartyRemoved tells a user that it is no longer in a party. */
export interface PartyRemoved {
  partyId: string;
  /** Reason is kicked, banned or timed_out; left when the user itself left over another of its connections; lost when the server has lost the party. */
  reason: string;
  message?: string;
  /** Version is that of the party without the user; absent when it was lost. A client that was given the party with the user in it at this version or a later one ignores the push: the user has come back since. */
  version?: number;
  meta?: Meta;
}
/** PartyRespondInvite takes an invite or turns it down. */
export interface PartyRespondInvite {
  key?: string;
  inviteId: string;
  accept: boolean;
  attributes?: Attributes;
}
/** PartySet is what PartyUpdate may set; absent fields stay as they are. */
export interface PartySet {
  /** MaxMembers is 2 to 16, and not less than the members who are in. */
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
/** PartyUnban lets a user come back who was banned or kicked (leader only). */
export interface PartyUnban {
  key?: string;
  partyId: string;
  userId: string;
}
/** PartyUpdate changes the party itself (leader only). With ExpectedVersion it is refused with CodeVersionConflict when the party has moved on. */
export interface PartyUpdate {
  key?: string;
  partyId: string;
  /** ExpectedVersion is a version of the party; 0, or left out, accepts any version. */
  expectedVersion?: number;
  set?: PartySet;
  /** Unset removes attributes of the party by key. */
  unset?: string[];
}
/** PartyVersion acknowledges a change: the version after it. */
export interface PartyVersion {
  partyId: string;
  version: number;
}
/** PatchOp is one operation of JSON Patch (RFC 6902): add, replace or remove. Its path is within the lobby. */
export interface PatchOp {
  op: string;
  path: string;
  value?: unknown;
}
/** PolicyRef names the LobbyPolicy and the revision a lobby was made under. */
export interface PolicyRef {
  name: string;
  revision: string;
}
/** Presence is what others see of a user. */
export interface Presence {
  userId: string;
  status: PresenceStatus;
  text?: string;
  data?: unknown;
  /** LastSeen is when the user was last connected, for one who is offline; 0 when that is not known any more. */
  lastSeen?: number;
}
/** PresenceActivity says that the user did something on this device. */
export interface PresenceActivity {
}
/** PresenceGet reads presences; without ids, the caller's own. */
export interface PresenceGet {
  userIds?: string[];
}
/** PresenceSet changes the caller's own presence; absent fields stay as they are. Busy and invisible hold for all devices, away for this one, and online takes back what was set. */
export interface PresenceSet {
  key?: string;
  status?: "online" | "away" | "busy" | "invisible";
  /** Text is for people; "" takes it away. */
  text?: string;
  /** Data is any JSON value of at most 1 KiB; null takes it away. */
  data?: unknown;
}
/** PresenceState acknowledges PresenceSet with what the user itself sees. */
export interface PresenceState {
  presence: Presence;
}
/** PresenceSubscribe follows users by id, or those who are in a lobby or party of the caller's, as they come and go. A connection follows at most 200 ids and 8 lists. */
export interface PresenceSubscribe {
  userIds?: string[];
  /** List is "lobby:" or "party:" and an id. */
  list?: string;
}
/** PresenceUpdate is what changed of the users that a connection follows in the last half second: of each the state of now. A connection that is new subscribes anew. */
export interface PresenceUpdate {
  changes: Presence[];
}
/** Presences acknowledges get and subscribe, in the order of the ids asked. */
export interface Presences {
  presences: Presence[];
}
/** ResumedEvent is a push that was missed: its event name, and its payload with meta. */
export interface ResumedEvent {
  event: string;
  data: unknown;
}
/** RoomMembership tells in which room the user is now, or is not any more. */
export interface RoomMembership {
  room: string;
  meta?: Meta;
}
/** SessionDraining says that this server is about to go away. The client keeps working until the transport closes and then connects again by itself. */
export interface SessionDraining {
  reason: string;
  reconnectAfterMs: number;
  deadlineAt: number;
}
/** SessionEnding tells on the user's own stream that a back end ends sessions of the user: those named, or all. Each of them is then told SessionTerminated. */
export interface SessionEnding {
  sessionIds?: string[];
  code: CloseReason;
  message?: string;
  meta?: Meta;
}
/** SessionExpiring warns that the token runs out; refresh before ExpiresAt. */
export interface SessionExpiring {
  expiresAt: number;
  /** GraceMs is how long after ExpiresAt the session is kept, in milliseconds. */
  graceMs: number;
}
/** SessionLimits tells a client what it may do before it is refused. */
export interface SessionLimits {
  eventsPerSecond: number;
  burst: number;
  maxPayload: number;
  subscriptions: number;
}
/** SessionReady is the first push after a successful connect. */
export interface SessionReady {
  /** Lobbies are the caller's, the longest joined first. A session follows none of them until it asks: sync:resume from an entry's meta, or lobby:get. */
  lobbies?: LobbyPlace[];
  /** Party is the caller's; sync:resume from its meta, or party:get, follows it. */
  party?: PartyPlace;
  /** Tickets and Proposals are those that mm:status would answer. */
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
  /** Resumed answers ConnectAuth.Resume, a result a stream. */
  resumed?: StreamResumed[];
  /** Follows are the streams that the session follows without being asked and that are not in Resumed: the user's own, that of all, and those of its rooms. Pushes go on from Seq plus one. */
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
/** StreamPosition is the last position a client has applied. Seq 0 with an empty Epoch is before the first event, where an answer places a client on a stream that has none yet: what came since is all that the stream had, or the state of now if its log no longer has all. */
export interface StreamPosition {
  stream: string;
  epoch: string;
  seq: number;
}
/** StreamResumed is how one stream was resumed. When Recovered, Events are all that were missed, to be applied one after the other, whatever their epoch; otherwise Snapshot is the state of now (absent for streams that have none) and the past before Seq cannot be had. Live pushes follow from Seq plus one, in Epoch. Error is set, and all else absent, when the stream cannot be had at all, or, if it is retryable, had no room in this answer: an answer has at most 512 KiB of events and snapshots, or half of outboundBytes if that is less. */
export interface StreamResumed {
  stream: string;
  recovered: boolean;
  epoch: string;
  seq: number;
  /** Events is there, if only empty, when Recovered. */
  events?: ResumedEvent[];
  /** More says that Events are only the first that were missed, as many as had room. The client asks again from Seq, and leaves out what is pushed before that answer. */
  more?: boolean;
  snapshot?: unknown;
  error?: WireError;
}
/** StreamStand is where a stream stands that a session follows. It has the fields of StreamPosition, which a client sends and may leave some of out. */
export interface StreamStand {
  stream: string;
  epoch: string;
  seq: number;
}
/** SyncLost names streams that the connection followed and follows no more: the token of a SessionRefresh or a change of policies does not allow them. It has no meta. */
export interface SyncLost {
  streams: string[];
}
/** SyncPing measures the round trip to the server. */
export interface SyncPing {
  /** At is a time of the client's own clock; the answer repeats it, also when it is 0. */
  at?: number;
}
/** SyncPong acknowledges SyncPing. */
export interface SyncPong {
  at?: number;
  serverTime: number;
}
/** SyncResume asks for what was missed on up to 64 streams. */
export interface SyncResume {
  streams: StreamPosition[];
}
/** SyncResumed acknowledges SyncResume, with a result for each stream in the order asked. */
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

/** The requests of a client, each with what acknowledges it. */
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
