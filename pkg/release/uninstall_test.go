package release

import (
	"context"
	"errors"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
)

func TestUninstall(t *testing.T) {
	tests := []struct {
		name    string
		before  func(*testing.T, *Client)
		hookErr error
		options UninstallOptions
		wantErr bool
	}{
		{name: "nothing there is no error"},
		{name: "a release and its history go", before: applied("a")},
		{name: "one that was half removed is removed", before: left(release.StatusUninstalling)},
		{name: "one that was half installed is removed", before: left(release.StatusPendingInstall)},
		{name: "one of which only the history is left is removed", before: left(release.StatusUninstalled)},
		{name: "a hook that fails keeps it", before: applied("a"), hookErr: errors.New("job fellowship-teardown failed: BackoffLimitExceeded"), wantErr: true},
		{name: "without hooks none can fail", before: applied("a"), hookErr: errors.New("job x failed: y"), options: UninstallOptions{NoHooks: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, cluster := newFake(t)
			if tt.before != nil {
				tt.before(t, c)
			}
			cluster.hookErr = tt.hookErr
			err := c.Uninstall(context.Background(), "fellowship", tt.options)
			if (err != nil) != tt.wantErr {
				t.Fatalf("Uninstall: %v", err)
			}
			if _, err := c.Get(t.Context(), "fellowship"); errors.Is(err, ErrNotFound) == tt.wantErr {
				t.Errorf("afterwards Get gives %v", err)
			}
			if !tt.wantErr {
				return
			}
			cluster.hookErr = nil
			if err := c.Uninstall(context.Background(), "fellowship", tt.options); err != nil {
				t.Errorf("after mending: %v", err)
			}
		})
	}
}

func TestUninstallEndsWithItsContext(t *testing.T) {
	c, cluster := newFake(t)
	applied("a")(t, c)
	cluster.hang = make(chan struct{})
	defer close(cluster.hang)
	cause := errors.New("the limit")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, cause)
	defer cancel()
	if err := c.Uninstall(ctx, "fellowship", UninstallOptions{}); !errors.Is(err, cause) {
		t.Fatalf("got %v, want the context's cause", err)
	}
}
