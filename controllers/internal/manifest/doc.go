// Package manifest reads manifests without an API server and treats them as one
// would: unknown fields are refused, the CRD's defaults are filled in, and the
// schema and its CEL rules are checked, all from the CRDs that are compiled in.
// Every problem of every file is found in one go, with its file and line.
package manifest
