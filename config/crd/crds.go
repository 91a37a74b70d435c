// Package crd carries the generated CustomResourceDefinitions, for programs that
// apply defaults and rules without an API server and for tests that install them.
package crd

import "embed"

// Bases holds one YAML file for each kind, under bases/.
//
//go:embed bases/*.yaml
var Bases embed.FS
