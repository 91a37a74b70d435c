// Command apidocs writes the reference of all fields, a Markdown page, from the generated
// CRDs: field, type, default, constraints, description.
//
//	go run ./hack/apidocs -crds config/crd/bases -out api/README.md
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const introduction = `# The resources

<!-- Written by hack/apidocs from the CRDs; do not edit. Change the comments in api/v1alpha1 and run "make generate". -->

Group realtime.anteroom.dev, version v1alpha1. A field with a default is optional. A
**duration** has the form of Go durations: 500ms, 20s, 5m, 1h30m; a **quantity** that of a
Pod: 100m, 64Ki, 1Gi. Quote a **decimal** with a fraction: "0.5". Lists are
written with [] and maps with {}.
`

func main() {
	crds := flag.String("crds", "config/crd/bases", "folder with the CRDs")
	out := flag.String("out", "", "file to write; standard output when left out")
	flag.Parse()
	if err := run(*crds, *out); err != nil {
		fmt.Fprintln(os.Stderr, "apidocs:", err)
		os.Exit(1)
	}
}

func run(crds, out string) error {
	files, err := filepath.Glob(filepath.Join(crds, "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no CRDs in %s", crds)
	}
	var page strings.Builder
	page.WriteString(introduction)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var crd definition
		if err := yaml.Unmarshal(text, &crd); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if len(crd.Spec.Versions) != 1 {
			return fmt.Errorf("%s: has %d versions, want one", file, len(crd.Spec.Versions))
		}
		page.WriteString(describe(crd))
	}
	if out == "" {
		_, err = os.Stdout.WriteString(page.String())
		return err
	}
	return os.WriteFile(out, []byte(page.String()), 0o644)
}
