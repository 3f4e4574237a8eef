package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	lockTimeout = 10 * time.Second
	lockPoll    = 50 * time.Millisecond
)

// lock takes the locks that kubectl takes before it writes the files: a file with the suffix ".lock" beside each.
// A file that we may not write needs none, it can only be read. Ours say who made them, so that those of a program
// that was killed hold nobody up.
func lock(ctx context.Context, files []string) (unlock func(), err error) {
	// Everybody who locks several sorts them first, so that nobody waits for another in a circle.
	sorted := slices.Compact(slices.Sorted(slices.Values(files)))
	var held []string
	unlock = func() {
		for _, l := range held {
			_ = os.Remove(l) // nothing can be done about it; the next one to wait is told of the stale file
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for _, file := range sorted {
		l, err := lockOne(ctx, file)
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, l)
	}
	return unlock, nil
}

func lockOne(ctx context.Context, file string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("lock kubeconfig %s: %w", file, err)
	}
	name := file + ".lock"
	for {
		err := create(name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("lock kubeconfig %s: %w", file, err)
		}
		if takeAway(name) {
			continue
		}
		select {
		case <-ctx.Done():
			return "", lockedError(ctx, file, name)
		case <-time.After(lockPoll):
		}
	}
}

func lockedError(ctx context.Context, file, name string) error {
	since := ""
	if info, err := os.Stat(name); err == nil {
		since = " since " + info.ModTime().Format(time.DateTime)
	}
	return fmt.Errorf("kubeconfig %s is locked by another program%s; if none is writing it, run: rm %s (%w)",
		file, since, name, context.Cause(ctx))
}
