package chart

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/ini.v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// dnsProviders are the known DNS providers and the keys that the [Global] section of their configuration may have.
var dnsProviders = map[string][]string{
	"google-clouddns": {"project-id", "token-url", "token-body", "credentials-file", "zone-id"},
	"aws-route53":     {"region", "profile", "role-arn", "endpoint", "zone-id", "access-key-id", "secret-access-key", "session-token"},
	"coredns": {"etcd-endpoints", "zones", "coredns-endpoints", "etcd-ca-file", "etcd-cert-file", "etcd-key-file",
		"etcd-username", "etcd-password", "path-prefix"},
	"rfc2136": {"server", "zones", "tsig-name", "tsig-secret", "tsig-algorithm", "transfer"},
}

// DNSProviders lists the names that --dns-provider takes, sorted.
func DNSProviders() []string {
	names := make([]string, 0, len(dnsProviders))
	for name := range dnsProviders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d DNS) validate() error {
	errs := []error{oneOf("dns-provider", d.Provider, DNSProviders()), d.validateZone()}
	if d.Config == nil {
		return errors.Join(errs...)
	}
	if d.Provider == "" {
		return errors.Join(append(errs, errors.New("--dns-provider-config is given without --dns-provider"))...)
	}
	if keys, known := dnsProviders[d.Provider]; known {
		errs = append(errs, flagError("dns-provider-config", checkConfig(d.Config, d.Provider, keys)))
	}
	return errors.Join(errs...)
}

func (d DNS) validateZone() error {
	switch {
	case d.Zone == "" && d.Provider != "":
		return errors.New("--dns-provider needs --dns-zone-name, the zone that holds the federation's names, example.com. for instance")
	case d.Zone == "":
		return nil
	case !strings.HasSuffix(d.Zone, "."):
		return fmt.Errorf("--dns-zone-name: %q must end with a dot: %q", d.Zone, d.Zone+".")
	}
	if bad := validation.IsDNS1123Subdomain(strings.TrimSuffix(d.Zone, ".")); len(bad) > 0 {
		return fmt.Errorf("--dns-zone-name: %q is not the name of a DNS zone; example.com. is one", d.Zone)
	}
	return nil
}

// checkConfig parses a provider's configuration: INI with one section, [Global]. Values are never part of an error: they
// may be secret.
func checkConfig(data []byte, provider string, keys []string) error {
	file, err := ini.LoadSources(ini.LoadOptions{SkipUnrecognizableLines: false, IgnoreInlineComment: true}, data)
	if err != nil {
		return errors.New("the file is not INI: a line [Global], then lines key = value")
	}
	if len(file.Section(ini.DefaultSection).Keys()) > 0 {
		return errors.New("the file has settings before any section; its first line must be [Global]")
	}
	var errs []error
	seen := false
	for _, section := range file.Sections() {
		switch {
		case section.Name() == ini.DefaultSection:
			continue
		case !strings.EqualFold(section.Name(), "Global"):
			errs = append(errs, fmt.Errorf("the file has a section [%s]; only [Global] is known", section.Name()))
			continue
		}
		seen = true
		for _, key := range section.Keys() {
			if !slices.Contains(keys, strings.ToLower(key.Name())) {
				errs = append(errs, fmt.Errorf("key %q is unknown to provider %s, which knows %s", key.Name(), provider, strings.Join(keys, ", ")))
			}
		}
	}
	if !seen && len(errs) == 0 {
		return errors.New("the file has no section [Global]")
	}
	return errors.Join(errs...)
}
