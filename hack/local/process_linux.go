package main

import "syscall"

// childAttributes puts a child into its own process group and lets the kernel
// kill it when this program dies, even by SIGKILL.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
