package wire

import "strings"

// IsPatch tells whether an event carries a change of a document, which the document's
// snapshot event can take the place of: "lobby:patch", "party:patch".
func IsPatch(event string) bool { return strings.HasSuffix(event, ":patch") }
