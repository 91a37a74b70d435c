// Package manifest reads manifests without an API server but with its checks: it refuses unknown
// fields, sets the defaults of the CRDs, and checks the schema and its CEL rules, from the
// compiled-in CRDs. It reports all problems of all files at once, with file and line.
package manifest
