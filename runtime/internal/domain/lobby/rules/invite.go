package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Invite permits a user to join a lobby without its code.
type Invite struct {
	ID       string `json:"id"`
	From     string `json:"from"`
	FromName string `json:"fromName,omitempty"`
	// Requested says that the user had asked.
	Requested bool  `json:"requested,omitempty"`
	ExpiresAt int64 `json:"expiresAt"`
	Stamp
}

// Request is a user's wish to be let in.
type Request struct {
	Name      string `json:"name,omitempty"`
	Message   string `json:"message,omitempty"`
	ExpiresAt int64  `json:"expiresAt"`
	// Declined says that the host does not want to; the user may not ask again
	// before the request expires.
	Declined bool `json:"declined,omitempty"`
	Stamp
}

// Stamp identifies the change that caused a side effect, by version and time. The side effect
// is applied again after RetryAfter, in case the first attempt failed.
type Stamp struct {
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
}

// stamp returns the Stamp of the current change.
func (e *edit) stamp() Stamp { return Stamp{Version: e.Version + 1, At: ms(e.now)} }

// How long invites and requests are good, and how many are open at once.
const (
	InviteTTL  = 5 * time.Minute
	RequestTTL = 2 * time.Minute
	// renewAfter is how long a renewed invite of the same member is not pushed again.
	renewAfter  = time.Minute
	MaxInvites  = 32
	MaxRequests = 32
)

// InviteID returns the id of an invite, which contains the id of its lobby.
func InviteID(lobbyID, nonce string) string { return lobbyID + "." + nonce }

// LobbyOfInvite returns the lobby of an invite; "" for an invalid id.
func LobbyOfInvite(invite string) string {
	id, _, _ := strings.Cut(invite, ".")
	return id
}

// Invite invites a user on behalf of a member. An invited user keeps the id of the invite with
// a new expiry, and gets the invite again after renewAfter. nonce is the second part of a new
// id.
func (l Lobby) Invite(from Actor, userID, nonce string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	_, err := l.ActiveMember(from.ID)
	switch {
	case err != nil:
		return l, nil, err
	case l.Has(userID):
		return l, nil, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "this user is in the lobby", l.ID).At("userId")
	case l.isBanned(userID, now):
		return l, nil, &wire.Error{Code: wire.CodeBanned, Field: "userId", Message: "this user may not come back yet"}
	}
	e := l.edit(now)
	if err := e.invite(from, userID, nonce, false); err != nil {
		return l, nil, err
	}
	e.by(wire.CauseInvited, from.ID, "")
	return e.done()
}

func (e *edit) invite(from Actor, userID, nonce string, requested bool) error {
	invite, asked := e.Invites[userID]
	if !asked {
		if len(e.Invites) >= MaxInvites {
			return wire.Exhausted("", fmt.Sprintf("at most %d users may be asked in at once", MaxInvites))
		}
		invite.ID = InviteID(e.ID, nonce)
	}
	if requested || invite.Requested || invite.From != from.ID || ms(e.now)-invite.At >= renewAfter.Milliseconds() {
		invite.Stamp = e.stamp()
	}
	invite.From, invite.FromName, invite.Requested = from.ID, from.Name, requested
	invite.ExpiresAt = ms(e.now.Add(InviteTTL))
	if e.Invites == nil {
		e.Invites = map[string]Invite{}
	}
	e.Invites[userID] = invite
	return nil
}

func (l Lobby) isInvited(userID, invite string, now time.Time) bool {
	i, open := l.Invites[userID]
	return open && i.ID == invite && i.ExpiresAt > ms(now)
}

// Decline declines an invite.
func (l Lobby) Decline(userID, invite string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if !l.isInvited(userID, invite, now) || l.Closed() {
		return l, nil, CodeExpired()
	}
	e := l.edit(now)
	delete(e.Invites, userID)
	e.patch(wire.CauseInviteDeclined, userID, "")
	return e.done()
}

// RequestJoin asks the host to let a user in; code is by which the user found the
// lobby. A request that is open already stays as it is.
func (l Lobby) RequestJoin(user Actor, code, message string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if l.Has(user.ID) {
		return l, nil, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "you are in this lobby", l.ID)
	}
	cmd := JoinCommand{User: user, Code: code}
	if err := l.checkAdmission(cmd, wire.RoleMember, now); err != nil {
		return l, nil, err
	}
	if !l.Policy.Join.Requests {
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "the policy does not allow requests")
	}
	e := l.edit(now)
	if r, asked := e.Requests[user.ID]; asked {
		if r.Declined {
			return l, nil, &wire.Error{
				Code: wire.CodeFailedPrecondition, Reason: wire.ReasonCooldown, RetryAfterMs: r.ExpiresAt - ms(now),
				Message: "the host did not let you in; you may ask again later",
			}
		}
		return l, nil, nil
	}
	if len(e.Requests) >= MaxRequests {
		return l, nil, wire.Exhausted("", fmt.Sprintf("at most %d users may ask at once", MaxRequests))
	}
	if e.Requests == nil {
		e.Requests = map[string]Request{}
	}
	e.Requests[user.ID] = Request{
		Name: user.Name, Message: message, ExpiresAt: ms(now.Add(RequestTTL)), Stamp: e.stamp(),
	}
	e.patch(wire.CauseJoinRequested, user.ID, "")
	return e.done()
}

// RespondJoin answers a request, on the host's word: accepted, the user is invited.
func (l Lobby) RespondJoin(host Actor, userID string, accept bool, nonce string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host.ID); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	r, open := e.Requests[userID]
	if !open || r.Declined {
		return l, nil, wire.Refuse(wire.CodeNotFound, "this user does not ask to be let in")
	}
	reason := "declined"
	if accept {
		reason = "accepted"
		if err := e.invite(host, userID, nonce, true); err != nil {
			return l, nil, err
		}
		delete(e.Requests, userID)
	} else {
		r.Declined, r.ExpiresAt, r.Stamp = true, ms(now.Add(RequestTTL)), e.stamp()
		e.Requests[userID] = r
	}
	e.by(wire.CauseJoinAnswered, host.ID, reason)
	return e.done()
}

// dropExpired removes expired invites and requests. It adds no patch, because views do not have
// them.
func (e *edit) dropExpired() {
	for id, i := range e.Invites {
		if i.ExpiresAt <= ms(e.now) {
			delete(e.Invites, id)
		}
	}
	for id, r := range e.Requests {
		if r.ExpiresAt <= ms(e.now) {
			delete(e.Requests, id)
		}
	}
}

// renewRequests sends the open requests to the new host.
func (e *edit) renewRequests() {
	for id, r := range e.Requests {
		if !r.Declined {
			r.Stamp = e.stamp()
			e.Requests[id] = r
		}
	}
}

// CodePause is the minimum time between two codes of a lobby, so that a host cannot fill the
// store with codes.
const CodePause = 2 * time.Second

// RegenerateCode puts another join code in place of the lobby's, for the host.
func (l Lobby) RegenerateCode(host, code string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.CheckNewCode(host, now); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	e.setCode(code)
	e.CodeAt = ms(now)
	e.by(wire.CauseUpdated, host, "code")
	return e.done()
}

// CheckNewCode returns why a user may not replace the join code now.
func (l Lobby) CheckNewCode(host string, now time.Time) error {
	if err := l.checkHost(host); err != nil {
		return err
	}
	if !l.Policy.Join.Code.Enabled {
		return wire.Refuse(wire.CodePermissionDenied, "the policy does not allow codes")
	}
	if wait := time.UnixMilli(l.CodeAt).Add(CodePause).Sub(now); wait > 0 {
		return &wire.Error{
			Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: wait.Milliseconds() + 1,
			Message: "the code was made a moment ago",
		}
	}
	return nil
}
