//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	_, _ = fmt.Fprintln(os.Stderr, "load: it pins processes to cores and counts their use as only Linux lets it")
	os.Exit(1)
}
