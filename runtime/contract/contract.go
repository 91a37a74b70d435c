// Package contract holds the documents that hack/contract generates from runtime/wire for
// programs in other languages; "make check-generated" reports when they are outdated.
package contract

import _ "embed"

// AsyncAPI is the client contract as an AsyncAPI 3 document.
//
//go:embed asyncapi.json
var AsyncAPI []byte

// Schema is a document of JSON Schema 2020-12 with a definition for each type of
// runtime/wire, by its name, and for each event: "lobby:create.request",
// "lobby:create.ack", "lobby:patch.push".
//
//go:embed schema.json
var Schema []byte
