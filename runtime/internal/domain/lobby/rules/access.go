package rules

import "github.com/anteroom/anteroom/runtime/wire"

func (l Lobby) CheckMember(userID string) error {
	if l.Has(userID) {
		return nil
	}
	if !l.Public() {
		return NotFound()
	}
	return wire.Precondition(wire.ReasonNotMember, "you are not in this lobby")
}

func CodeExpired() error {
	return wire.Refuse(wire.CodeCodeExpired, "this code or invite is no longer good")
}
