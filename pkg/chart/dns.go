package chart

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// DNSProviders lists the names that --dns-provider takes, sorted.
func DNSProviders() []string {
	return dnsconfig.Providers()
}

// validateDNS looks at the flags for names. The provider of a configuration may lie beneath them.
func (o Options) validateDNS(baseIsKnown bool) error {
	d, provider, zone := o.DNS, o.DNS.Provider, o.DNS.Zone
	if baseIsKnown {
		provider, zone = o.effective("global.dns.provider", provider), o.effective("global.dns.zone", zone)
	}
	errs := []error{
		oneOf("dns-provider", d.Provider, DNSProviders()), d.validateZone(), flagError("service-dns-suffix", d.checkSuffix()), flagError("dns-ttl", d.checkTTL()),
	}
	if strings.ContainsFunc(d.ZoneID, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		errs = append(errs, fmt.Errorf("--dns-zone-id: %q is no id: it has neither commas nor spaces", d.ZoneID))
	}
	switch {
	case d.Config == nil:
	case provider == "" && baseIsKnown:
		errs = append(errs, errors.New("--dns-provider-config is given without --dns-provider"))
	case dnsconfig.CheckProvider(provider) == nil:
		for _, err := range dnsconfig.Check(provider, d.Config, zone, nil) { // nothing is beside it in the Secret that is made of it
			errs = append(errs, flagError("dns-provider-config", err))
		}
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

// checkSuffix compares with the zone that is chosen beside it; one that was chosen before, the chart compares with.
func (d DNS) checkSuffix() error {
	if d.Suffix == "" {
		return nil
	}
	if err := dnsconfig.CheckZone(d.Suffix); err != nil {
		return err
	}
	if d.Zone != "" && d.Suffix != d.Zone && !strings.HasSuffix(d.Suffix, "."+d.Zone) {
		return fmt.Errorf("%q is not in the zone %q", d.Suffix, d.Zone)
	}
	return nil
}

func (d DNS) checkTTL() error {
	if d.TTL == "" {
		return nil
	}
	ttl, err := time.ParseDuration(d.TTL)
	if err != nil || ttl < time.Second || ttl > 24*time.Hour || ttl%time.Second != 0 {
		return fmt.Errorf("%q is not a number of seconds from 1s to 24h, such as 60s", d.TTL)
	}
	return nil
}
