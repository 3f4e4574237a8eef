package join

import (
	"context"
	"fmt"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// install puts into the member what the federation needs there. What another tool put there is used as it is.
func (r *joinRun) install(ctx context.Context) error {
	if r.release == nil && r.account != nil {
		r.Progress.Detailf("ServiceAccount %s is there without a Helm release: it is used as it is", r.account.Name)
		return nil
	}
	step := r.Progress.Start(fmt.Sprintf("Installing release %s in %s", r.Federation.MemberRelease(), r.Name))
	defer step.Fail()
	if _, err := federation.EnsureNamespace(ctx, r.Member.Client, r.Federation.Namespace); err != nil {
		return fmt.Errorf("in the member: %w", err)
	}
	if err := r.applyRelease(ctx, r.Name); err != nil {
		return err
	}
	step.Donef("%s", r.done.release)
	return nil
}

// applyRelease installs the release for the member of that name, which is this one's unless somebody was quicker. What another tool put
// there stays as it is.
func (r *joinRun) applyRelease(ctx context.Context, cluster string) error {
	if r.release == nil && r.account != nil {
		return nil
	}
	values, err := r.memberValues(ctx, cluster)
	if err != nil {
		return err
	}
	r.done.release, err = r.Member.Releases.Apply(ctx, release.Request{
		Name: r.Federation.MemberRelease(), Chart: r.Chart, Values: values,
		Force: r.Refresh, Abandoned: r.lock.TookOver(),
	})
	if err != nil {
		return fmt.Errorf("in the member: %w", err)
	}
	r.done.changed = r.done.changed || r.done.release != release.Unchanged
	return nil
}

// memberValues are what the release is given: what was chosen, over what it had.
func (r *joinRun) memberValues(ctx context.Context, cluster string) (map[string]any, error) {
	options := chart.MemberOptions{
		Federation: r.Federation.Name, FederationUID: string(r.Federation.UID), Cluster: cluster,
		ClusterAdmin: r.ClusterAdmin, Base: r.values,
	}
	var err error
	if options.CustomKinds, err = customKinds(ctx, r.Federation.Objects); err != nil {
		return nil, err
	}
	if options.DNS, err = r.memberDNS(ctx); err != nil {
		return nil, err
	}
	return options.Values(), nil
}
