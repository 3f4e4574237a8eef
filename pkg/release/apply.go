package release

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"
)

// Outcome says what Apply found to do.
type Outcome string

// The outcomes of Apply.
const (
	Installed Outcome = "installed"
	Upgraded  Outcome = "upgraded"
	Repaired  Outcome = "repaired"  // an earlier run did not end; this one brought it to its end
	Unchanged Outcome = "unchanged" // the release already is what was asked for; nothing was written
)

// Request is the wanted state of a release.
type Request struct {
	Name   string
	Chart  *chart.Chart
	Values map[string]any
	Force  bool // upgrade, and so run the hooks, although nothing differs
	// Abandoned says that whoever began what is pending is known to be gone. Otherwise a pending revision is left alone while it
	// is young: somebody's Helm, which knows no lock of ours, may be at work on it.
	Abandoned bool
	// Trial says that the revision came up only once CameUp says so, not already when Helm has deployed it: see Kept.
	Trial bool
}

func (r Request) labels(revision int) map[string]string {
	if !r.Trial {
		return nil
	}
	return map[string]string{labelCameUp: cameUpNo(revision)}
}

// Apply makes the release what is asked for, whatever state it is in: it installs a new one, upgrades one that differs, and
// finishes what an earlier run left half done, all without deleting anything first. Hooks are waited for, objects
// are not. It returns when ctx is done, and the release then counts as failed: Apply again goes on from there. A
// hook that fails gives a *HookError, and values that the chart does not take, or not for the release that is there, a *ChartError.
// A release of another chart is not touched (ErrOtherChart), nor one that somebody may be at work on (ErrBusy).
func (c *Client) Apply(ctx context.Context, r Request) (Outcome, error) {
	c.hookLog.reset()
	history, err := c.history(ctx, r.Name)
	if errors.Is(err, ErrNotFound) {
		return Installed, c.install(ctx, r)
	} else if err != nil {
		return "", err
	}
	last := newest(history)
	switch {
	case last.Chart.Name() != r.Chart.Name():
		return "", c.otherChart(last)
	case last.Info.Status == release.StatusDeployed:
		same, err := within(ctx, func() (bool, error) { return c.same(last, r) })
		if err != nil {
			return "", err
		}
		whole, err := within(ctx, func() (bool, error) { return c.whole(last) })
		if err != nil || same && whole && !r.Force {
			return Unchanged, err
		}
		if same {
			return Repaired, c.upgrade(ctx, r, history)
		}
		return Upgraded, c.upgrade(ctx, r, history)
	default:
		if _, err := within(ctx, func() (struct{}, error) { return struct{}{}, c.settle(last, r.Abandoned) }); err != nil {
			return "", err
		}
		return Repaired, c.upgrade(ctx, r, history)
	}
}

func (c *Client) install(ctx context.Context, r Request) error {
	install := action.NewInstall(c.cfg)
	install.ReleaseName, install.Namespace = r.Name, c.namespace
	install.DisableOpenAPIValidation = true
	install.Timeout = untilDone(ctx)
	install.Labels = r.labels(1)
	_, err := withGrace(ctx, recordGrace, func() (*release.Release, error) { return install.RunWithContext(ctx, r.Chart, r.Values) })
	if errors.Is(err, driver.ErrReleaseExists) {
		return fmt.Errorf("%w: release %q came to be in namespace %q just now; run this again when that has ended", ErrBusy, r.Name, c.namespace)
	}
	return c.explain(ctx, err)
}

func (c *Client) upgrade(ctx context.Context, r Request, history []*release.Release) error {
	upgrade := action.NewUpgrade(c.cfg)
	upgrade.Namespace = c.namespace
	upgrade.ResetValues = true // the request is all there is to know
	upgrade.MaxHistory = historyAfter(history)
	upgrade.DisableOpenAPIValidation = true
	upgrade.Timeout = untilDone(ctx)
	upgrade.Labels = r.labels(newest(history).Version + 1)
	_, err := withGrace(ctx, recordGrace, func() (*release.Release, error) { return upgrade.RunWithContext(ctx, r.Name, r.Chart, r.Values) })
	return c.explain(ctx, err)
}

// settleAfter is the age at which a pending revision is taken for abandoned: Helm's own default time-out.
const settleAfter = 5 * time.Minute

// recordGrace is how long Helm may take, once the limit has run out, to record that it failed.
const recordGrace = 5 * time.Second

// settle makes of a revision that is neither deployed nor failed one that Helm goes on from: one that never was deployed has failed,
// one that was is superseded, and what it was given is still to be kept. An upgrade from a failed revision makes what is missing and
// mends the rest: an install or upgrade that was killed, and an uninstall that was refused or killed.
func (c *Client) settle(last *release.Release, abandoned bool) error {
	was, age := last.Info.Status, time.Since(last.Info.LastDeployed.Time)
	if was == release.StatusFailed || was == release.StatusSuperseded {
		return nil
	}
	if was.IsPending() && !abandoned && age < settleAfter {
		return fmt.Errorf("%w: revision %d of release %q is %s since %s; run this again when that has ended, or %s after it began if it was killed",
			ErrBusy, last.Version, last.Name, was, age.Round(time.Second), settleAfter)
	}
	settled := release.StatusFailed
	if wasDeployed(last) {
		settled = release.StatusSuperseded
	}
	last.SetStatus(settled, fmt.Sprintf("Found in status %q with nobody at work on it", was))
	if err := c.cfg.Releases.Update(last); err != nil {
		return fmt.Errorf("mark revision %d of release %q, found %q, as %s: %w", last.Version, last.Name, was, settled, err)
	}
	return nil
}

// same tells whether the deployed revision is exactly what an upgrade would make. Charts are compared by what they
// render: the stored one has lost its dependencies.
func (c *Client) same(last *release.Release, r Request) (bool, error) {
	if !sameValues(last.Config, r.Values) {
		return false, nil
	}
	caps, err := c.capabilities()
	if err != nil {
		return false, err
	}
	want, err := render(r.Name, c.namespace, r.Chart, r.Values, caps)
	if err != nil {
		return false, err
	}
	return want.Manifest == last.Manifest && want.Hooks == hookManifests(last.Hooks), nil
}

// whole tells whether every object of the release is there: somebody may have deleted one.
func (c *Client) whole(last *release.Release) (bool, error) {
	objects, err := c.cfg.KubeClient.Build(strings.NewReader(last.Manifest), false)
	if err != nil {
		return false, fmt.Errorf("read the manifest of release %q: %w", last.Name, err)
	}
	for _, object := range objects {
		if err := object.Get(); apierrors.IsNotFound(err) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("look for %s of release %q: %w", object.ObjectName(), last.Name, err)
		}
	}
	return true, nil
}

// sameValues compares values as they are stored: a number is a number, however it was spelt.
func sameValues(a, b map[string]any) bool {
	return reflect.DeepEqual(normal(a), normal(b))
}

func normal(vals map[string]any) map[string]any {
	data, err := yaml.Marshal(vals)
	if err != nil {
		return vals
	}
	out := map[string]any{}
	if err := yaml.Unmarshal(data, &out); err != nil {
		return vals
	}
	return out
}

// untilDone is the time that is left. Helm wants a limit for each of its own waits.
func untilDone(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), time.Second)
	}
	return time.Hour
}
