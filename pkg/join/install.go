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
	values, err := r.memberValues(ctx)
	if err != nil {
		return err
	}
	outcome, err := r.Member.Releases.Apply(ctx, release.Request{
		Name: r.Federation.MemberRelease(), Chart: r.Chart, Values: values,
		Force: r.Refresh, Abandoned: r.lock.TookOver(),
	})
	if err != nil {
		return fmt.Errorf("in the member: %w", err)
	}
	r.done.changed = r.done.changed || outcome != release.Unchanged
	step.Donef("%s", outcome)
	return nil
}

// memberValues are what the release is given: what was chosen, over what it had.
func (r *joinRun) memberValues(ctx context.Context) (map[string]any, error) {
	options := chart.MemberOptions{
		Federation: r.Federation.Name, FederationUID: string(r.Federation.UID), Cluster: r.Name,
		ClusterAdmin: r.ClusterAdmin, Base: r.values,
	}
	var err error
	if options.DNS, err = r.memberDNS(ctx); err != nil {
		return nil, err
	}
	return options.Values()
}
