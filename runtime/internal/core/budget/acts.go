package budget

import "github.com/anteroom/anteroom/runtime/wire"

// Act is what a request of the contract does to other users.
type Act struct {
	// Budget is what it draws on; "" for a request that reaches nobody else.
	Budget Name
	// Nobody is why it reaches no other user's stream and no other user's inbox. It is set
	// exactly where Budget is not.
	Nobody string
	// Inside says that the domain spends, because it alone knows the targets. Else the
	// session spends before it calls the handler.
	Inside bool
	// Targets are the users that the request names; nil when it names none.
	Targets func(req any) []string
	// Applies reports whether a request reaches others at all; nil for always.
	Applies func(req any) bool
}

// The reasons of requests that reach nobody else.
const (
	ownState  = "it changes or reads what is the caller's own"
	reads     = "it only reads"
	follows   = "it only makes the caller's connection follow or leave a stream"
	shared    = "it changes the state that all members follow, and nothing on a member's own stream"
	withdraws = "it withdraws each notice once, and the message drew on a budget when it was sent"
	channel   = "it writes to the channel alone, which has a rate for each user"
	watchers  = "it writes to the presence stream alone, which watchers follow"
)

// Acts has every request of the contract.
var Acts = map[string]Act{
	wire.EventPartyInvite:      {Budget: Invites, Targets: target(func(r *wire.PartyInvite) string { return r.UserID })},
	wire.EventLobbyInvite:      {Budget: Invites, Targets: member},
	wire.EventLobbyRequestJoin: {Budget: Asks},
	wire.EventLobbyRespondJoin: {Budget: Answers, Targets: target(func(r *wire.LobbyRespondJoin) string { return r.UserID })},

	wire.EventPartyKick:         {Budget: Removals, Targets: target(func(r *wire.PartyKick) string { return r.UserID })},
	wire.EventPartyBan:          {Budget: Removals, Targets: target(func(r *wire.PartyBan) string { return r.UserID })},
	wire.EventLobbyKick:         {Budget: Removals, Targets: target(func(r *wire.LobbyKick) string { return r.UserID })},
	wire.EventLobbyBan:          {Budget: Removals, Targets: target(func(r *wire.LobbyBan) string { return r.UserID })},
	wire.EventLobbyVoteKick:     {Budget: Removals, Targets: member},
	wire.EventLobbyTransferHost: {Budget: Handover, Targets: target(func(r *wire.LobbyTransferHost) string { return r.UserID })},
	wire.EventPartyPromote:      {Budget: Handover, Targets: target(func(r *wire.PartyPromote) string { return r.UserID })},

	wire.EventLobbyCreate: {Budget: Outings, Applies: when(func(r *wire.LobbyCreate) bool { return r.PartyID != "" })},
	wire.EventLobbyJoin:   {Budget: Outings, Applies: when(func(r *wire.LobbyJoin) bool { return r.PartyID != "" })},
	wire.EventLobbyQuickJoin: {
		Budget: Outings, Applies: when(func(r *wire.LobbyQuickJoin) bool { return r.PartyID != "" }),
	},
	wire.EventLobbyLeave: {Budget: Company},
	wire.EventLobbyClose: {Budget: Company},
	// Who comes into a party or leaves it ends the tickets of the party.
	wire.EventPartyJoin:          {Budget: Company},
	wire.EventPartyLeave:         {Budget: Company},
	wire.EventPartyRespondInvite: {Budget: Company},

	wire.EventMMEnqueue:  {Budget: Tickets},
	wire.EventMMCancel:   {Budget: Tickets},
	wire.EventMMAccept:   {Budget: Tickets},
	wire.EventMMDecline:  {Budget: Tickets},
	wire.EventMMBackfill: {Budget: Tickets},

	wire.EventChatSend: {Budget: Messages, Inside: true},

	wire.EventChatEdit:     {Nobody: channel},
	wire.EventChatDelete:   {Nobody: withdraws},
	wire.EventChatReact:    {Nobody: channel},
	wire.EventChatRead:     {Nobody: channel},
	wire.EventChatTyping:   {Nobody: channel},
	wire.EventChatMute:     {Nobody: channel},
	wire.EventChatUnmute:   {Nobody: channel},
	wire.EventChatJoin:     {Nobody: follows},
	wire.EventChatLeave:    {Nobody: follows},
	wire.EventChatHistory:  {Nobody: reads},
	wire.EventChatChannels: {Nobody: reads},

	wire.EventLobbyUpdate:         {Nobody: shared},
	wire.EventLobbySetMember:      {Nobody: shared},
	wire.EventLobbyReady:          {Nobody: shared},
	wire.EventLobbyEnd:            {Nobody: shared},
	wire.EventLobbyUnban:          {Nobody: shared},
	wire.EventLobbyRespondInvite:  {Nobody: shared},
	wire.EventLobbyRegenerateCode: {Nobody: shared},
	wire.EventLobbyStart:          {Nobody: shared},
	wire.EventLobbyCancelStart:    {Nobody: shared},
	wire.EventPartySetMember:      {Nobody: shared},
	wire.EventPartyUnban:          {Nobody: shared},
	wire.EventPartyUpdate:         {Nobody: shared},
	wire.EventPartyReady:          {Nobody: shared},
	wire.EventPartyNewCode:        {Nobody: shared},
	wire.EventLobbyGet:            {Nobody: reads},
	wire.EventLobbyMine:           {Nobody: reads},
	wire.EventLobbySearch:         {Nobody: reads},
	wire.EventPartyGet:            {Nobody: reads},
	wire.EventMMQueues:            {Nobody: reads},
	wire.EventMMStatus:            {Nobody: reads},
	wire.EventLobbyWatch:          {Nobody: follows},
	wire.EventLobbyUnwatch:        {Nobody: follows},
	wire.EventPartyCreate:         {Nobody: ownState},

	wire.EventPresenceSet:         {Nobody: watchers},
	wire.EventPresenceActivity:    {Nobody: watchers},
	wire.EventPresenceGet:         {Nobody: reads},
	wire.EventPresenceSubscribe:   {Nobody: follows},
	wire.EventPresenceUnsubscribe: {Nobody: follows},

	wire.EventNotifyList:        {Nobody: ownState},
	wire.EventNotifyAck:         {Nobody: ownState},
	wire.EventNotifyRead:        {Nobody: ownState},
	wire.EventNotifyDelete:      {Nobody: ownState},
	wire.EventNotifySubscribe:   {Nobody: ownState},
	wire.EventNotifyUnsubscribe: {Nobody: ownState},
	wire.EventSessionRefresh:    {Nobody: ownState},
	wire.EventSyncResume:        {Nobody: reads},
	wire.EventSyncPing:          {Nobody: reads},
}

// member returns the user of a request that names a lobby and a user.
var member = target(func(r *wire.LobbyMemberRef) string { return r.UserID })

// target makes Targets of a request's field.
func target[R any](user func(*R) string) func(any) []string {
	return func(req any) []string {
		if r, ok := req.(*R); ok {
			return []string{user(r)}
		}
		return nil
	}
}

// when makes Applies of a request's condition.
func when[R any](is func(*R) bool) func(any) bool {
	return func(req any) bool {
		r, ok := req.(*R)
		return ok && is(r)
	}
}
