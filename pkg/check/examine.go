package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

// Examine makes all checks of a federation: first of what its members stand on, then of the members, or of the one that is
// asked for. The error says why there is nothing to examine: no such member.
func Examine(ctx context.Context, t *Target) (Report, error) {
	host := Run(ctx, t.hostChecks())
	if host[0].Level == Failure {
		return host, nil // nothing else can be seen
	}
	report := slices.Concat(host, Run(ctx, slices.Concat(t.controlPlaneChecks(), t.apiChecks(), t.certificateChecks())))
	all, err := t.members(ctx, report)
	if err != nil {
		return report, err
	}
	var checks []Check
	for _, m := range all {
		checks = append(checks, m.checks()...)
	}
	return append(report, Run(ctx, checks)...), nil
}

// answered tells whether the federation API can be asked, as the checks of it found.
func answered(report Report) bool {
	return slices.ContainsFunc(report, func(r Result) bool { return r.Name == "api-clusters" && r.Level == OK })
}

// members are those to look at, with the ways to them.
func (t *Target) members(ctx context.Context, report Report) ([]*member, error) {
	known := t.Clusters
	asked := answered(report)
	if !asked {
		known = nil
	}
	list, err := roster.List(ctx, t.Host.Client, t.Ref, known)
	if err != nil {
		return nil, err
	}
	var names []string
	var all []*member
	base := member{Target: t, asked: asked}
	if base.zone, err = federation.Zone(ctx, t.Host.Client, t.Ref); err != nil {
		return nil, err
	}
	if asked {
		if system, err := t.API.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{}); err == nil {
			base.uid = system.UID
		}
		if info, err := t.API.Client.Discovery().ServerVersion(); err == nil {
			base.api = info.GitVersion
		}
	}
	for _, of := range list {
		names = append(names, of.Name)
		if t.Only != "" && t.Only != of.Name {
			continue
		}
		m := base
		m.Member = of
		m.way, m.noWay = t.Way(of.Name)
		all = append(all, &m)
	}
	if t.Only != "" && len(all) == 0 {
		return nil, fmt.Errorf("federation %q has no member %q; it has: %s", t.Name, t.Only, orNone(strings.Join(names, ", ")))
	}
	return all, nil
}
