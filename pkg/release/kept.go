package release

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/release"
)

// labelCameUp is on a revision that was applied on trial, and says whether it came up.
const labelCameUp = "federation.fedhelm.io/came-up"

const cameUpYes = "yes"

// cameUpNo names the revision, because the revisions that somebody's Helm makes later inherit the label.
func cameUpNo(revision int) string { return fmt.Sprintf("no-%d", revision) }

// Kept is what a release was given and is to keep.
type Kept struct {
	// Values are those of the newest revision that came up, else of the newest that was deployed, else of the newest at all. They
	// are the caller's.
	Values map[string]any
	// CameUp tells that they are of one that came up. A revision that was not applied on trial came up when Helm says that it was
	// deployed.
	CameUp bool
}

// Kept finds what the release was given and is to keep, whatever failed since. ErrNotFound when there is no release,
// ErrOtherChart when it is none of the chart of that name. isUp tells whether all that is deployed is ready now, and is asked only
// when nobody saw that revision come up: it may have been slower than those who waited.
func (c *Client) Kept(ctx context.Context, name, chart string, isUp func() bool) (Kept, error) {
	history, err := c.history(ctx, name)
	if err != nil {
		return Kept{}, err
	}
	last := newest(history)
	if last.Chart.Name() != chart {
		return Kept{}, c.otherChart(last)
	}
	best := furthest(history)
	kept := Kept{Values: best.Config, CameUp: standing(best) == cameUp}
	if late := running(history); late != nil && standing(late) == deployed && isUp() {
		kept = Kept{Values: late.Config, CameUp: true}
	}
	if kept.Values == nil {
		kept.Values = map[string]any{}
	}
	return kept, nil
}

// furthest is the revision that came furthest; of several the newest.
func furthest(history []*release.Release) *release.Release {
	return slices.MaxFunc(history, func(a, b *release.Release) int {
		return cmp.Or(cmp.Compare(standing(a), standing(b)), a.Version-b.Version)
	})
}

// historyAfter is how many revisions are to be left when one more is made: the one that came up is not lost for those that did not,
// up to a limit. The one that is deployed Helm keeps anyway.
func historyAfter(history []*release.Release) int {
	best := furthest(history)
	if standing(best) != cameUp || best.Info.Status == release.StatusDeployed {
		return maxHistory
	}
	since := 1
	for _, r := range history {
		if r.Version >= best.Version {
			since++
		}
	}
	return min(max(maxHistory, since), mostHistory)
}

func (c *Client) otherChart(last *release.Release) error {
	return fmt.Errorf("%w: namespace %q has a release %q of chart %q; choose another name, or another namespace",
		ErrOtherChart, c.namespace, last.Name, last.Chart.Name())
}

// How far a revision came.
const (
	neverDeployed = iota
	deployed
	cameUp
)

func standing(r *release.Release) int {
	switch {
	case !wasDeployed(r):
		return neverDeployed
	case r.Labels[labelCameUp] == cameUpNo(r.Version):
		return deployed
	default:
		return cameUp
	}
}

// running is the newest revision that Helm says is deployed; nil when none is.
func running(history []*release.Release) *release.Release {
	now := slices.DeleteFunc(slices.Clone(history), func(r *release.Release) bool { return r.Info.Status != release.StatusDeployed })
	if len(now) == 0 {
		return nil
	}
	return newest(now)
}

// wasDeployed tells that the revision once was what the cluster ran, as far as Helm knows.
func wasDeployed(r *release.Release) bool {
	switch r.Info.Status {
	case release.StatusDeployed, release.StatusSuperseded, release.StatusUninstalling, release.StatusUninstalled:
		return true
	default:
		return false
	}
}

// CameUp records of the newest revision, if it was applied on trial, that what it stands for has come up.
func (c *Client) CameUp(ctx context.Context, name string) error {
	last, err := c.last(ctx, name)
	if err != nil || last.Labels[labelCameUp] != cameUpNo(last.Version) {
		return err
	}
	last.Labels[labelCameUp] = cameUpYes
	_, err = within(ctx, func() (struct{}, error) { return struct{}{}, c.cfg.Releases.Update(last) })
	if err != nil {
		return fmt.Errorf("record that revision %d of release %q came up: %w", last.Version, name, err)
	}
	return nil
}
