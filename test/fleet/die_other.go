//go:build !linux

package fleet

import "syscall"

// dieWithParent can do nothing here: servers end with the test, but outlive a
// test process that is killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
