package join

import (
	"context"
	"errors"
	"fmt"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// memberDNS is what the member's release is to do for names; nil leaves that as it was.
func (r *joinRun) memberDNS(ctx context.Context) (*chart.MemberDNS, error) {
	server, wanted, err := r.wantsNames(ctx)
	if err != nil || !wanted {
		return nil, err
	}
	where, err := topologyOf(ctx, r.Member.Objects)
	if err != nil {
		return nil, err
	}
	dns := chart.MemberDNS{
		Resolver: server.Kind == memberdns.CoreDNS, Zone: r.Federation.Zone, ClusterDomain: server.Domain, Region: where.Region,
	}
	dns.ZoneServers, err = federation.ZoneServers(ctx, r.Host.Client, r.Federation.Ref, r.LookupHost)
	switch {
	case errors.Is(err, federation.ErrServersUnknown):
		r.Progress.Warnf("%v: the pods of %s find the federation's names when it has one and you have run: fedhelm join %s --refresh", err, r.Name, r.Name)
	case err != nil:
		return nil, err
	}
	if len(where.Zones) == 1 { // of several, none is nearer than the others
		dns.TopologyZone = where.Zones[0]
	}
	return &dns, nil
}

// wantsNames tells whether the member's pods are to find the federation's names, and through what.
func (r *joinRun) wantsNames(ctx context.Context) (memberdns.Server, bool, error) {
	if r.DNS == "" || r.DNS == memberdns.None || r.Federation.Zone == "" {
		return memberdns.Server{}, false, nil
	}
	if r.dns == nil {
		server, err := memberdns.Detect(ctx, r.Member.Client, r.DNS)
		if err != nil {
			return memberdns.Server{}, false, fmt.Errorf("%w; leave it alone with --cluster-dns=none", err)
		}
		r.dns = &server
	}
	return *r.dns, r.dns.Kind != memberdns.None, nil
}

// tellDNS is the last step: without it the member is one all the same.
func (r *joinRun) tellDNS(ctx context.Context) error {
	server, wanted, err := r.wantsNames(ctx)
	if err != nil {
		return r.withoutNames(err)
	}
	if !wanted {
		r.sayWhyNot(server)
		return nil
	}
	step := r.Progress.Start(fmt.Sprintf("Telling the DNS of %s (%s) of the federation", r.Name, server.Kind))
	defer step.Fail()
	options := memberdns.Options{
		Client: r.Member.Client, Ask: r.AskDNS,
		Federation: memberdns.Federation{Namespace: r.Federation.Namespace, Name: r.Federation.Name, UID: r.Federation.UID, Zone: r.Federation.Zone},
		Progress:   func(waiting string) { step.Waitingf("%s", waiting) },
	}
	if options.Ask == nil {
		options.Ask = memberdns.PortForward(r.Member.Client, r.Member.Config)
	}
	configured, err := memberdns.Configure(ctx, options, r.DNS)
	if err != nil {
		return r.withoutNames(err)
	}
	for _, warning := range configured.Warnings {
		r.Progress.Warnf("%s", warning)
	}
	r.done.changed, r.done.dns = r.done.changed || configured.Changed, string(configured.Server.Kind)
	step.Done()
	return nil
}

// sayWhyNot tells why the member's pods will not find the federation's names, unless that was asked for.
func (r *joinRun) sayWhyNot(server memberdns.Server) {
	switch {
	case r.DNS == "" || r.DNS == memberdns.None:
	case r.Federation.Zone == "":
		r.Progress.Detailf("federation %s has no DNS zone: the DNS of %s is left alone", r.Federation.Name, r.Name)
	default:
		r.Progress.Warnf("the pods of %s do not find the federation's names: %s (docs/guide.md tells how to set that up by hand)", r.Name, server.Reason)
	}
}

func (r *joinRun) withoutNames(err error) error {
	return fmt.Errorf("cluster %q is a member of federation %q, but its DNS does not know the federation's names: %w; run the same command again, or leave its DNS alone with --cluster-dns=none",
		r.Name, r.Federation.Name, err)
}
