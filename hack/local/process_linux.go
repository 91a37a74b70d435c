package main

import "syscall"

// childAttributes gives a child its own process group and lets the kernel kill the child
// when this program dies, even by SIGKILL.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
