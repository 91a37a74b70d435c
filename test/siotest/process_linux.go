package siotest

import "syscall"

// dieWithParent kills the child when the test's process dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
