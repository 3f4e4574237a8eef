package join

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// memberChart is what the release in a member is made of.
const memberChart = "federation-member"

// forgetNames takes the federation out of the member's DNS. It comes before uninstall, which takes away what the DNS asks.
func (u *unjoinRun) forgetNames(ctx context.Context) error {
	if u.gone != nil {
		u.leftNames()
		return nil
	}
	if u.DryRun {
		u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: "the cluster's DNS", Did: "rid of the federation's names, where it has them"})
		return nil
	}
	step := u.Progress.Start("Taking the names of " + u.Federation.Name + " out of the DNS of " + u.Member.Context)
	defer step.Fail()
	changed, err := memberdns.Forget(ctx, u.Member.Client, memberdns.Federation{
		Namespace: u.Federation.Namespace, Name: u.Federation.Name, UID: u.uid, Zone: u.Federation.Zone,
	})
	for _, name := range changed {
		u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: "ConfigMap " + name, Did: "rid of the federation's names"})
	}
	if err != nil {
		return fmt.Errorf("take the names of federation %q out of the DNS of member %q: %w", u.Federation.Name, u.Name, err)
	}
	step.Done()
	return nil
}

// uninstall removes the release, and with it what the federation could do in the member. What another tool installed is left to it.
func (u *unjoinRun) uninstall(ctx context.Context) error {
	name, namespace := u.Federation.MemberRelease(), u.Federation.Namespace
	object := "release " + namespace + "/" + name
	if u.gone != nil {
		u.left(InMember, object, "", fmt.Sprintf("helm uninstall %s --kube-context=%s --namespace=%s", name, word(u.Member.Context), namespace))
		return nil
	}
	step := u.Progress.Start("Removing what the federation may do in " + u.Member.Context)
	defer step.Fail()
	info, err := u.Member.Releases.Get(ctx, name)
	switch {
	case errors.Is(err, release.ErrNotFound) && u.account != nil:
		u.left(InMember, "ServiceAccount "+namespace+"/"+name, "not installed by fedhelm or Helm: remove it, and what came with it, with the tool that installed it", "")
		step.Donef("left to the tool that installed it")
	case errors.Is(err, release.ErrNotFound):
		if err := u.sweep(ctx); err != nil {
			return err
		}
	case err != nil:
		return err
	case info.ChartName != memberChart:
		u.Progress.Warnf("release %q in %s is one of chart %q, and stays", name, u.in(InMember), info.ChartName)
	default:
		err := u.do(InMember, object, "uninstalled", func() error {
			return u.Member.Releases.Uninstall(ctx, name, release.UninstallOptions{})
		})
		if err != nil {
			return fmt.Errorf("uninstall release %q in %s: %w", name, u.in(InMember), err)
		}
	}
	step.Done()
	return nil
}

// leaveNamespace removes the federation's namespace from the member, if join made it and nothing is in it.
func (u *unjoinRun) leaveNamespace(ctx context.Context) error {
	name := u.Federation.Namespace
	object := "Namespace " + name
	if u.gone != nil {
		u.left(InMember, object, "if nothing else is in it", u.kubectl()+" delete namespace "+name)
		return nil
	}
	step := u.Progress.Start("Looking whether namespace " + name + " of " + u.Member.Context + " can go")
	defer step.Fail()
	if u.DryRun {
		found, err := u.Member.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if err == nil && found.Labels[federation.LabelManagedBy] == federation.ManagedBy {
			u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: object, Did: "deleted, if nothing else is in it"})
		} else if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
			return fmt.Errorf("look for %s: %w", u.in(InMember), err)
		}
		step.Done()
		return nil
	}
	removed, err := federation.RemoveNamespace(ctx, u.Member.Client, u.Member.Objects, name)
	if err != nil {
		return fmt.Errorf("remove %s: %w", u.in(InMember), err)
	}
	if !removed {
		step.Donef("it stays, or is not there")
		return nil
	}
	u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: object, Did: "deleted"})
	step.Donef("deleted")
	return nil
}
