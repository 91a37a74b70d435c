// Command contract generates, from the client contract in runtime/wire, the documents for
// other languages: JSON Schemas, an AsyncAPI document, TypeScript types and the reference
// of the events.
//
//	go run ./hack/contract
//
// It reads the contract's source: the structs, their json and validate tags, and the
// comments. The comment next to an event's name declares its types.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "folder of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	c, err := read(filepath.Join(root, "runtime", "wire"))
	if err != nil {
		return err
	}
	schema, err := indented(c.schema())
	if err != nil {
		return err
	}
	asyncAPI, err := indented(c.asyncAPI())
	if err != nil {
		return err
	}
	readme := filepath.Join(root, "runtime", "README.md")
	page, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	page, err = between(page, c.reference())
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	for path, content := range map[string][]byte{
		filepath.Join(root, "runtime", "contract", "schema.json"):                schema,
		filepath.Join(root, "runtime", "contract", "asyncapi.json"):              asyncAPI,
		filepath.Join(root, "runtime", "client", "typescript", "src", "wire.ts"): c.typeScript(),
		readme: page,
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // committed files, readable by all
			return err
		}
	}
	return nil
}

// indented returns a document as JSON, with sorted members.
func indented(document any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(document)
	return out.Bytes(), err
}
