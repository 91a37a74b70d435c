package chat

import (
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The bounds of reactions.
const (
	// A message has at most maxReactions reactions, of at most maxKinds kinds, and at most
	// maxOwn of one user.
	maxReactions = 100
	maxKinds     = 16
	maxOwn       = 4
)

// Message is a message of a channel in its current state.
type Message struct {
	wire.ChatMessage
	Seq uint64
	// Mentioned are the mentions with which it was sent; the Mentions of a deleted message are
	// empty.
	Mentioned []string
}

// Edit replaces the content of the sender's message. said is the text after the filters.
func (m Message) Edit(p Policy, userID, said string, req *wire.ChatEdit) (wire.ChatEdited, error) {
	switch {
	case m.Deleted:
		return wire.ChatEdited{}, messageNotFound()
	case m.UserID != userID:
		return wire.ChatEdited{}, wire.Refuse(wire.CodePermissionDenied, "only its sender may edit a message")
	case !p.Edit:
		return wire.ChatEdited{}, wire.Refuse(wire.CodePermissionDenied, "messages of this channel cannot be edited")
	}
	said, data, err := content(p, m.Type, said, req.Data)
	if err != nil {
		return wire.ChatEdited{}, err
	}
	return wire.ChatEdited{Channel: m.Channel, Seq: m.Seq, ID: m.ID, UserID: userID, Text: said, Data: data}, nil
}

// Delete deletes a message of the sender, or any message for moderators; false when it is
// already deleted.
func (m Message) Delete(p Policy, userID string, req *wire.ChatDelete) (wire.ChatDeleted, bool, error) {
	switch {
	case m.UserID != userID && !p.Moderator:
		return wire.ChatDeleted{}, false, wire.Refuse(wire.CodePermissionDenied, "only its sender and moderators may delete a message")
	case !p.Edit && !p.Moderator:
		return wire.ChatDeleted{}, false, wire.Refuse(wire.CodePermissionDenied, "messages of this channel cannot be deleted")
	}
	return wire.ChatDeleted{Channel: m.Channel, Seq: m.Seq, ID: m.ID, UserID: userID, Reason: req.Reason}, !m.Deleted, nil
}

// React adds or removes a reaction; false when nothing changes. The event has the resulting
// count.
func (m Message) React(userID string, req *wire.ChatReact) (wire.ChatReaction, bool, error) {
	if m.Deleted {
		return wire.ChatReaction{}, false, messageNotFound()
	}
	reaction, err := m.canonicalReaction(req.Reaction)
	if err != nil {
		return wire.ChatReaction{}, false, err
	}
	var all, count int
	var own []string
	var has, known bool
	for _, r := range m.Reactions {
		for _, id := range r.UserIDs {
			all++
			if id == userID {
				own = append(own, r.Reaction)
				has = has || r.Reaction == reaction
			}
		}
		if r.Reaction == reaction {
			known, count = true, len(r.UserIDs)
		}
	}
	e := wire.ChatReaction{
		Channel: m.Channel, Seq: m.Seq, UserID: userID, Reaction: reaction, Removed: req.Remove, Count: count,
	}
	switch {
	case req.Remove == !has:
		return e, false, nil
	case req.Remove:
		e.Count--
		return e, true, nil
	case all >= maxReactions || !known && len(m.Reactions) >= maxKinds:
		return e, false, wire.Exhausted("", "the message has too many reactions")
	case len(own) >= maxOwn:
		return e, false, wire.Already(wire.CodeResourceExhausted, wire.ReasonReactionLimit, fmt.Sprintf("a user may react to a message in %d ways", maxOwn), own...)
	}
	e.Count++
	return e, true, nil
}

// canonicalReaction returns the existing spelling of a reaction that looks the same, so that
// both count as one reaction.
func (m Message) canonicalReaction(asked string) (string, error) {
	reaction, ok := text.Reaction(asked)
	if !ok {
		return "", wire.Invalid("reaction", text.ReactionRule)
	}
	for _, r := range m.Reactions {
		if text.SameReaction(r.Reaction, reaction) {
			return r.Reaction, nil
		}
	}
	return reaction, nil
}

func messageNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such message") }
