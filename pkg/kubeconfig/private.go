package kubeconfig

import (
	"fmt"
	"os"
	"runtime"
)

// Exposed says, for a warning, that others on this machine may read the file, which has credentials; "" when they may not, or
// when that cannot be told.
func Exposed(file string) string {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("%s has the administrator's credentials now, and others on this machine may read it (mode %04o); unless that is meant, run: chmod 600 %s", file, info.Mode().Perm(), file)
}
