package process

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the program also when the test is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
