//go:build !linux

package fleet

import "syscall"

// dieWithParent does nothing here: servers end with the test, but outlive a killed test
// process.
func dieWithParent() *syscall.SysProcAttr { return nil }
