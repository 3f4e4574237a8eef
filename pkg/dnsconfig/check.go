package dnsconfig

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Check refuses a configuration that cannot keep the zone's names: whatever CheckFile and Parse refuse, one that is for other zones, and one that
// names files which are not beside it (files with absolute paths come from elsewhere). Zone "" is any. Of several problems each is an error of its
// own, which begins with the key that it is about; none has a value in it.
func Check(provider string, content []byte, zone string, beside []string) []error {
	if err := CheckFile(provider, content); err != nil {
		return each(err)
	}
	c, errs := parse(provider, content)
	zone = strings.ToLower(zone) // as the chart has it, and parse
	if zones := c.zones(); zone != "" && len(zones) > 0 && !slices.Contains(zones, zone) {
		errs = append(errs, fmt.Errorf("zones: %s is missing, the zone that the federation's names are to be in", zone))
	}
	for _, file := range c.files() {
		if file.path != "" && !path.IsAbs(file.path) && !slices.Contains(beside, path.Clean(file.path)) {
			errs = append(errs, fmt.Errorf("%s: names a file that is not beside the configuration: make a Secret of both, and name it with --set global.dns.configSecret", file.key))
		}
	}
	return errs
}

// each is what was joined, however often.
func each(err error) (errs []error) {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	for _, err := range joined.Unwrap() {
		errs = append(errs, each(err)...)
	}
	return errs
}

// zones are those that the configuration lists; none where the provider knows by itself.
func (c Config) zones() []string {
	switch {
	case c.CoreDNS != nil:
		return c.CoreDNS.Zones
	case c.RFC2136 != nil:
		return c.RFC2136.Zones
	default:
		return nil
	}
}

type file struct{ key, path string }

// files are those that the configuration may name.
func (c Config) files() []file {
	switch {
	case c.CoreDNS != nil:
		return []file{{"etcd-ca-file", c.CoreDNS.CAFile}, {"etcd-cert-file", c.CoreDNS.CertFile}, {"etcd-key-file", c.CoreDNS.KeyFile}}
	case c.GoogleCloudDNS != nil:
		return []file{{"credentials-file", c.GoogleCloudDNS.CredentialsFile}}
	default:
		return nil
	}
}
