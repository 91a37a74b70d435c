// Package contract holds what is made of runtime/wire for programs that are not written
// in Go: hack/contract writes the files, and "make check-generated" says when they are
// old.
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
