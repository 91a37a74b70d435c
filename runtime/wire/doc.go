// Package wire is the client contract of Anteroom: the names of events, the shapes of
// their payloads, the acknowledgement envelope, error codes and close reasons. The
// transport is Socket.IO v5 packets on Engine.IO v4, namespace "/".
//
// All payloads are JSON. Times are integer milliseconds since the Unix epoch. Generated
// ids are ULIDs. Unknown fields are ignored, and changes within protocol 1 only add. The
// `validate` tags are the schema: the server checks every payload against them and names
// the invalid field.
package wire

// Protocol is the version of this contract that a client names in its connect payload
// ([ConnectAuth]). A client with another version is refused with
// [CodeUnsupportedProtocol].
const Protocol = 1
