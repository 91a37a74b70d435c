// Command contract writes what is made of the client contract, runtime/wire, for
// those who do not read Go: TypeScript types.
//
//	go run ./hack/contract
//
// It reads the contract's source: the structs, their json and validate tags, and the
// comments, of which those beside the events' names say what goes with each.
package main

import (
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
	path := filepath.Join(root, "runtime", "client", "typescript", "src", "wire.ts")
	return os.WriteFile(path, c.typeScript(), 0o644) //nolint:gosec // a committed file that all may read
}
