package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/fedhelm/fedhelm/hooks/waitfor"
)

// start waits, and gives its place to the command: the same process, environment and files.
func (o options) start(ctx context.Context, out io.Writer) error {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	var path string
	if len(o.command) > 0 {
		// Before the wait: a program that is not there will not come.
		var err error
		if path, err = exec.LookPath(o.command[0]); err != nil {
			return err
		}
	}
	if err := waitfor.Run(ctx, waitfor.Options{URL: o.waitFor, Other: o.orFor, Out: out}); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err // a signal that came with the answer
	}
	if err := syscall.Exec(path, o.command, os.Environ()); err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	return nil
}
