package check

import (
	"context"
	"errors"
	"slices"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/preflight"
)

func (t *Target) hostChecks() []Check {
	return under(CategoryHost,
		Check{Name: "host-api", Run: t.hostAPI},
		Check{Name: "host-version", Needs: []string{"host-api"}, Run: t.hostVersion},
		Check{Name: "host-clock", Needs: []string{"host-api"}, Run: t.hostClock},
		Check{Name: "federation-name", Needs: []string{"host-api"}, Run: t.federationName},
	)
}

func under(category string, checks ...Check) []Check {
	for i := range checks {
		checks[i].Category = category
	}
	return checks
}

// before makes one of the checks that also precede init.
func (t *Target) before(ctx context.Context, name string) error {
	return one(ctx, name, slices.Concat(preflight.Init(preflight.InitOptions{
		Client: t.Host.Client, Context: t.Host.Context, Server: t.Host.URL, Name: t.Name, Namespace: t.Namespace,
	})...))
}

// one makes the pre-flight check of that name: what must be true before a command must be true after it.
func one(ctx context.Context, name string, checks []preflight.Check) error {
	for _, c := range checks {
		if c.Name == name {
			return c.Run(ctx)
		}
	}
	return errors.New("there is no check " + name)
}

// otherwise is the outcome of a pre-flight check that did not go well.
func otherwise(err error) Outcome {
	var p *preflight.Problem
	switch {
	case !errors.As(err, &p):
		return unseen(err, "make this check")
	case p.Warning:
		return warning(p.WayOut, "%s", inOneLine(p.Reason))
	default:
		return failure(p.WayOut, "%s", inOneLine(p.Reason)) // of several problems, each with its way out
	}
}

func (t *Target) hostAPI(ctx context.Context) Outcome {
	if err := t.before(ctx, "host-api"); err != nil {
		return otherwise(err)
	}
	return ok("the API server of %s answers at %s", t.Host.Context, t.Host.URL)
}

func (t *Target) hostVersion(ctx context.Context) Outcome {
	if err := t.before(ctx, "host-version"); err != nil {
		return otherwise(err)
	}
	info, err := t.Host.Client.Discovery().ServerVersion()
	if err != nil {
		return unseen(err, "ask for the version of the host cluster")
	}
	return ok("it runs Kubernetes %s (at least %s is needed)", info.GitVersion, preflight.MinVersion)
}

func (t *Target) hostClock(ctx context.Context) Outcome {
	err := one(ctx, "clocks", preflight.Standing(preflight.JoinOptions{Host: t.Host.side()}))
	if err != nil {
		return otherwise(err)
	}
	return ok("the clocks of the host cluster and this machine agree")
}

func (t *Target) federationName(ctx context.Context) Outcome {
	all, err := federation.List(ctx, t.Host.Client)
	if err != nil {
		return skipped("it is not known whether there is another federation of that name: %v", err)
	}
	for _, ref := range all {
		if ref.Name == t.Name && ref.Namespace != t.Namespace {
			return warning("name --federation-system-namespace in every command; no cluster can be a member of both in one namespace",
				"there is another federation %q, in namespace %q: their kubeconfig entries and DNS names collide", ref.Name, ref.Namespace)
		}
	}
	return ok("no other federation of the host cluster is named %s", t.Name)
}
