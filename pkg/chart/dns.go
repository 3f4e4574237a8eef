package chart

import (
	"errors"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// DNSProviders lists the names that --dns-provider takes, sorted.
func DNSProviders() []string {
	return dnsconfig.Providers()
}

func (d DNS) validate() error {
	errs := []error{oneOf("dns-provider", d.Provider, DNSProviders()), d.validateZone()}
	if d.Config == nil {
		return errors.Join(errs...)
	}
	if d.Provider == "" {
		return errors.Join(append(errs, errors.New("--dns-provider-config is given without --dns-provider"))...)
	}
	if dnsconfig.CheckProvider(d.Provider) == nil {
		errs = append(errs, flagError("dns-provider-config", dnsconfig.CheckFile(d.Provider, d.Config)))
	}
	return errors.Join(errs...)
}

func (d DNS) validateZone() error {
	switch {
	case d.Zone == "" && d.Provider != "":
		return errors.New("--dns-provider needs --dns-zone-name, the zone that holds the federation's names, example.com. for instance")
	case d.Zone == "":
		return nil
	}
	return flagError("dns-zone-name", dnsconfig.CheckZone(d.Zone))
}
