package setup

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// DeleteOptions are what Delete needs. All fields are required, but Progress (nil is silent).
type DeleteOptions struct {
	Ref        federation.Ref
	Host       Host
	Releases   Releases
	Kubeconfig Kubeconfig
	Identity   string
	Timeout    time.Duration
	Progress   *progress.Reporter

	// Confirm is asked before anything is written; false ends Delete without an error.
	Confirm func(Plan) (bool, error)
	// Force deletes a federation that has members, or whose delete hooks cannot run.
	Force bool
	// KeepDNSRecords leaves the federation's records at the DNS provider.
	KeepDNSRecords bool
	// PurgeData deletes the claims with etcd's data too.
	PurgeData bool
}

// Plan is what Delete is about to do.
type Plan struct {
	federation.Ref
	Members []string // that lose their federation; only with Force
	Claims  []string // the claims with the data
	Purge   bool     // whether these are deleted
}

// Deleted says what Delete did.
type Deleted struct {
	federation.Ref
	Deleted          bool     `json:"deleted"`              // false: not confirmed
	DataKept         []string `json:"dataKept,omitempty"`   // claims
	DataPurged       []string `json:"dataPurged,omitempty"` // claims; what is in an etcd or a claim of the user's is not ours to delete
	NamespaceDeleted bool     `json:"namespaceDeleted"`
}

// ourCharts are those whose releases are federations.
var ourCharts = []string{"federation", "federation-control-plane"}

// ErrNotFound is returned when the namespace holds nothing of such a federation.
var ErrNotFound = errors.New("federation not found")

// Delete takes a federation down, and everything that was made for it: the release, what its hooks made, the entry in the
// kubeconfig, the lock, and the namespace if Init made it and nothing else is in it. The data stays unless asked
// otherwise. It refuses while members are joined (ErrRefused). Run again after a failure, it goes on.
func Delete(ctx context.Context, o DeleteOptions) (Deleted, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, ErrTimedOut)
	defer cancel()
	d := deleteRun{DeleteOptions: o}
	plan, err := d.plan(ctx)
	if err != nil {
		return Deleted{}, err
	}
	if sure, err := o.Confirm(plan); err != nil || !sure {
		return Deleted{Ref: o.Ref, DataKept: plan.Claims}, err
	}
	result, err := d.locked(ctx, plan)
	if errors.Is(err, federation.ErrLocked) {
		return Deleted{}, refused(err)
	}
	if err != nil && errors.Is(context.Cause(ctx), ErrTimedOut) {
		return Deleted{}, timedOut(o.Timeout, "%w; run the same command again to go on", err)
	}
	return result, err
}

type deleteRun struct {
	DeleteOptions
	info     release.Info
	released bool // there is a Helm release
}

// plan looks at everything before anything is written.
func (d *deleteRun) plan(ctx context.Context) (Plan, error) {
	plan := Plan{Ref: d.Ref, Purge: d.PurgeData}
	var err error
	if plan.Members, err = federation.Members(ctx, d.Host.Client, d.Ref); err != nil {
		return plan, err
	}
	if plan.Claims, err = federation.Claims(ctx, d.Host.Client, d.Ref); err != nil {
		return plan, err
	}
	d.info, err = d.Releases.Get(ctx, d.Ref.Name)
	d.released = err == nil
	if err != nil && !errors.Is(err, release.ErrNotFound) {
		return plan, err
	}
	if err := d.findAny(ctx, plan); err != nil {
		return plan, err
	}
	if len(plan.Members) > 0 && !d.Force {
		return plan, refused(fmt.Errorf("federation %q still has members: %s; first run: fedhelm unjoin NAME for each, or give --force to leave them as they are",
			d.Ref.Name, strings.Join(plan.Members, ", ")))
	}
	return plan, nil
}

// findAny refuses what is not ours to delete, and what is not there.
func (d *deleteRun) findAny(ctx context.Context, plan Plan) error {
	if d.released && !slices.Contains(ourCharts, d.info.ChartName) {
		return refused(fmt.Errorf("%w: release %q in namespace %q is one of chart %q; delete it with the tool that installed it",
			release.ErrOtherChart, d.Ref.Name, d.Ref.Namespace, d.info.ChartName))
	}
	if d.released {
		return nil
	}
	workloads, err := federation.Workloads(ctx, d.Host.Client, d.Ref)
	if err != nil {
		return err
	}
	if len(workloads) > 0 {
		return refused(fmt.Errorf("federation %q in namespace %q was not installed by fedhelm or Helm: delete it with the tool that installed it", d.Ref.Name, d.Ref.Namespace))
	}
	begun, err := federation.Begun(ctx, d.Host.Client, d.Ref)
	if err != nil {
		return err
	}
	if !begun && (!d.PurgeData || len(plan.Claims) == 0) {
		return fmt.Errorf("%w: namespace %q holds none named %q; fedhelm list shows those that there are", ErrNotFound, d.Ref.Namespace, d.Ref.Name)
	}
	return nil
}

// locked takes it all down, with nobody else at work on it.
func (d *deleteRun) locked(ctx context.Context, plan Plan) (Deleted, error) {
	held, lock, err := acquire(ctx, d.Host, d.Ref, d.Identity, d.Progress)
	if err != nil {
		return Deleted{}, err
	}
	ended := lock.Release
	defer func() { giveBack(ctx, ended, d.Progress) }()

	if err := d.confirmed(held, plan); err != nil {
		return Deleted{}, err
	}
	isOurs, err := d.remember(held, lock)
	if err != nil {
		return Deleted{}, err
	}
	if err := d.uninstall(held, plan); err != nil {
		return Deleted{}, err
	}
	result := Deleted{Ref: d.Ref, Deleted: true, DataKept: plan.Claims}
	if d.PurgeData {
		if err := d.purge(held, plan); err != nil {
			return Deleted{}, err
		}
		result.DataKept, result.DataPurged = nil, plan.Claims
	}
	if err := d.removeEntry(held, isOurs); err != nil {
		return Deleted{}, err
	}
	ended = func(context.Context) error { return nil }
	if err := lock.Remove(ctx); err != nil { // which ends held
		return Deleted{}, err
	}
	result.NamespaceDeleted, err = d.removeNamespace(ctx)
	return result, err
}

// confirmed looks again, now that nobody else is at work: what was asked about may have become something else meanwhile.
func (d *deleteRun) confirmed(ctx context.Context, asked Plan) error {
	released, revision := d.released, d.info
	now, err := d.plan(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(now, asked) || d.released != released || d.info != revision {
		return refused(fmt.Errorf("federation %q in namespace %q was changed by somebody else since this was confirmed; run the same command again to see how it is now",
			d.Ref.Name, d.Ref.Namespace))
	}
	return nil
}

func (d *deleteRun) removeNamespace(ctx context.Context) (bool, error) {
	step := d.Progress.Start("Looking whether namespace " + d.Ref.Namespace + " can go")
	defer step.Fail()
	removed, err := federation.RemoveNamespace(ctx, d.Host.Client, d.Host.Objects, d.Ref.Namespace)
	if err != nil {
		return false, err
	}
	if removed {
		step.Donef("deleted")
	} else {
		step.Donef("it stays")
	}
	return removed, nil
}

// uninstall removes the release, and what it would leave behind.
func (d *deleteRun) uninstall(ctx context.Context, plan Plan) error {
	step := d.Progress.Start("Removing the control plane")
	defer step.Fail()
	if len(plan.Members) > 0 {
		if err := d.tellTeardown(ctx, fedv1beta1.AnnotationTeardown, fedv1beta1.TeardownForce); err != nil {
			return err
		}
	}
	if d.KeepDNSRecords {
		if err := d.tellTeardown(ctx, fedv1beta1.AnnotationTeardownDNS, fedv1beta1.TeardownDNSSkip); err != nil {
			return err
		}
	}
	if d.released {
		// A control plane that never came up has nothing to tear down, and an image that cannot be pulled must not keep it.
		err := d.Releases.Uninstall(ctx, d.Ref.Name, release.UninstallOptions{NoHooks: !d.info.Deployed})
		if hook := (*release.HookError)(nil); errors.As(err, &hook) && d.Force {
			d.Progress.Warnf("%v; going on without it, as --force says", err)
			err = d.Releases.Uninstall(ctx, d.Ref.Name, release.UninstallOptions{NoHooks: true})
		}
		if err != nil {
			return fmt.Errorf("uninstall release %q: %w", d.Ref.Name, err)
		}
	}
	if err := federation.Sweep(ctx, d.Host.Client, d.Ref); err != nil {
		return err
	}
	step.Waitingf("its pods to end")
	if err := federation.WaitPodsGone(ctx, d.Host.Client, d.Ref); err != nil {
		return err
	}
	step.Done()
	return nil
}

// tellTeardown tells the teardown hook, by an annotation of the API server's Service, that members or records may be left behind.
func (d *deleteRun) tellTeardown(ctx context.Context, annotation, value string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, annotation, value)
	_, err := d.Host.Client.CoreV1().Services(d.Ref.Namespace).Patch(ctx, d.Ref.APIServer(), types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("annotate Service %q with %s=%s, for the teardown hook: %w", d.Ref.APIServer(), annotation, value, err)
	}
	return nil
}

func (d *deleteRun) purge(ctx context.Context, plan Plan) error {
	step := d.Progress.Start("Deleting the data")
	defer step.Fail()
	if err := federation.RemoveClaims(ctx, d.Host.Client, d.Ref, plan.Claims); err != nil {
		return err
	}
	step.Done()
	return nil
}

// removeEntry takes the federation out of the kubeconfig. An entry of somebody else's stays, with a word about it.
func (d *deleteRun) removeEntry(ctx context.Context, isOurs ownership) error {
	if isOurs == nil || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_, err := kubeconfig.Remove(ctx, d.Kubeconfig.Files, d.Ref.Name, isOurs)
	if errors.Is(err, kubeconfig.ErrNotOurs) {
		d.Progress.Warnf("%v", err)
		return nil
	}
	return err
}
