package release

import (
	"context"
	"errors"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
)

// UninstallOptions say how a release is removed.
type UninstallOptions struct {
	// NoHooks leaves the delete hooks out: what they would do is the caller's to do.
	NoHooks bool
}

// Uninstall removes the release. It is done when the objects are gone; what an earlier run left
// half removed is removed. A release that is not there is no error. It returns when ctx is done; Uninstall again
// goes on from there.
func (c *Client) Uninstall(ctx context.Context, name string, o UninstallOptions) error {
	c.hookLog.reset()
	if _, err := c.last(ctx, name); errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	uninstall := action.NewUninstall(c.cfg)
	uninstall.Wait = true
	uninstall.DisableHooks = o.NoHooks
	uninstall.DeletionPropagation = "background"
	uninstall.Timeout = untilDone(ctx)

	_, err := within(ctx, func() (*release.UninstallReleaseResponse, error) { return uninstall.Run(name) })
	return c.explain(ctx, err)
}
