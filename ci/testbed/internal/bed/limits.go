package bed

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

// inotifyPath is the kernel's limit of inotify instances of one user. Debian's 128 is used up by two dozen Kubernetes
// programs, six each; one more kubelet then ends with "too many open files".
const (
	inotifyPath = "/proc/sys/fs/inotify/max_user_instances"
	inotifyNeed = 1024
)

// limitBefore is the limit that raiseLimits will change; 0 when it is high enough.
func limitBefore() (int, error) {
	b, err := os.ReadFile(inotifyPath)
	if err != nil {
		return 0, err
	}
	have, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || have >= inotifyNeed {
		return 0, err
	}
	return have, nil
}

// raiseLimits is called once limitBefore's answer is saved, so that down can put it back after a kill in between.
func raiseLimits() error {
	have, err := limitBefore()
	if err != nil || have == 0 {
		return err
	}
	return setLimit(inotifyNeed)
}

// restoreLimits puts the limit back, unless other test beds' processes live on it.
func restoreLimits(before int) error {
	if before == 0 || len(proc.Owners()) > 0 {
		return nil
	}
	return setLimit(before)
}

func setLimit(n int) error {
	err := os.WriteFile(inotifyPath, []byte(strconv.Itoa(n)), 0o600)
	if errors.Is(err, os.ErrPermission) || err == nil {
		return nil // a container's root may not; then the clusters that fit will run
	}
	return fmt.Errorf("set %s: %w", inotifyPath, err)
}
