package rules

import "github.com/anteroom/anteroom/runtime/wire"

// CheckMember refuses a user who is not a member.
func (l Lobby) CheckMember(userID string) error {
	if l.Has(userID) {
		return nil
	}
	if !l.Public() {
		return NotFound()
	}
	return wire.Precondition(wire.ReasonNotMember, "you are not in this lobby")
}

// CodeExpired is the refusal of an invalid code or invite.
func CodeExpired() error {
	return wire.Refuse(wire.CodeCodeExpired, "this code or invite is no longer good")
}
