package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/teardown"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/configured"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// teardownFlags has the flags of teardown, which works on the host cluster and asks the federation API.
type teardownFlags struct {
	*common
	federationKubeconfig string
	zones                list
	adoptUIDs            list
}

func teardownCommand(f *flag.FlagSet, c *common) action {
	t := &teardownFlags{common: c}
	f.StringVar(&t.federationKubeconfig, "federation-kubeconfig", "", "kubeconfig of the federation API; needed with --dns-zone")
	f.Var(&t.zones, "dns-zone", "zone to remove the federation's records from, provider=PROVIDER,zone=ZONE[,zone-id=ID][,config=FILE][,suffix=SUFFIX]; may be repeated")
	f.Var(&t.adoptUIDs, "dns-adopt-uid", "UID of a former federation of that name, whose records are removed too; may be repeated")
	return t
}

func (t *teardownFlags) validate() error {
	_, err := t.parsedZones()
	if len(t.zones) > 0 {
		err = errors.Join(err, required("--federation-kubeconfig", t.federationKubeconfig))
	}
	return err
}

func (t *teardownFlags) parsedZones() ([]dnsconfig.Zone, error) {
	all := make([]dnsconfig.Zone, 0, len(t.zones))
	var errs []error
	for _, text := range t.zones {
		zone, err := dnsconfig.ParseZone(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--dns-zone=%s: %w", text, err))
		}
		all = append(all, zone)
	}
	return all, errors.Join(errs...)
}

func (t *teardownFlags) run(ctx context.Context, out io.Writer) error {
	h, err := t.host()
	if err != nil {
		return err
	}
	names, err := h.secretNames()
	if err != nil {
		return err
	}
	zones, err := t.parsedZones()
	if err != nil {
		return err
	}
	return teardown.Run(ctx, teardown.Options{
		Federation: t.federation, Namespace: t.namespace, Services: h.services(), Secrets: names, Out: out,
		Records: teardown.Records{
			Zones: chosen(zones), AdoptUIDs: t.adoptUIDs, UID: t.uid, Read: t.read, Open: openZone, Manager: h.deployments(),
		},
	})
}

// uid asks the federation API for the federation's.
func (t *teardownFlags) uid(ctx context.Context) (string, error) {
	api, err := t.api()
	if err != nil {
		return "", err
	}
	return teardown.UID(ctx, api)
}

// read asks the federation API whether the federation has ever read a zone.
func (t *teardownFlags) read(ctx context.Context, provider, zone string) (bool, error) {
	api, err := t.api()
	if err != nil {
		return false, err
	}
	return teardown.Read(ctx, api, provider, zone)
}

func (t *teardownFlags) api() (rest.Interface, error) {
	of := common{kubeconfig: t.federationKubeconfig}
	return of.federationAPI()
}

// chosen takes the ids of zones from their providers' configurations where flags say none, as the controller manager does.
func chosen(zones []dnsconfig.Zone) []dnsconfig.Zone {
	for i := range zones {
		zones[i].ID = cmp.Or(zones[i].ID, configured.ZoneID(zones[i].Provider, zones[i].File))
	}
	return zones
}

func openZone(ctx context.Context, zone dnsconfig.Zone) (dns.Provider, error) {
	return configured.Open(ctx, configured.Options{Provider: zone.Provider, File: zone.File})
}
