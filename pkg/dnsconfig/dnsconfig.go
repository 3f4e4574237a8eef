// Package dnsconfig knows what a federation may be told about its DNS: the names
// of the providers, and what their configuration files have in them.
package dnsconfig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/ini.v1"
)

// keys that the [Global] section of a provider's configuration may have.
var keys = map[string][]string{
	"google-clouddns": {"project-id", "token-url", "token-body", "credentials-file", "zone-id"},
	"aws-route53":     {"region", "profile", "role-arn", "endpoint", "zone-id", "access-key-id", "secret-access-key", "session-token"},
	"coredns": {
		"etcd-endpoints", "zones", "coredns-endpoints", "etcd-ca-file", "etcd-cert-file", "etcd-key-file",
		"etcd-username", "etcd-password", "path-prefix",
	},
	"rfc2136": {"server", "zones", "tsig-name", "tsig-secret", "tsig-algorithm", "transfer"},
}

// Providers lists the names of the known providers, sorted.
func Providers() []string {
	return slices.Sorted(maps.Keys(keys))
}

// CheckProvider refuses a name that is not known.
func CheckProvider(name string) error {
	if _, known := keys[name]; !known {
		return fmt.Errorf("%q is not a DNS provider; known are %s", name, strings.Join(Providers(), ", "))
	}
	return nil
}

// CheckZone refuses what is not the full name of a DNS zone, with a dot at the end.
func CheckZone(zone string) error {
	if !strings.HasSuffix(zone, ".") {
		return fmt.Errorf("%q must end with a dot: %q", zone, zone+".")
	}
	if len(zone) > 254 {
		return fmt.Errorf("%q is longer than the name of a DNS zone can be", zone)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(zone, "."), ".") {
		if !isLabel(label) {
			return fmt.Errorf("%q is not the name of a DNS zone such as %q", zone, "example.com.")
		}
	}
	return nil
}

func isLabel(s string) bool {
	outside := strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-")
	return s != "" && len(s) <= 63 && outside == "" && s[0] != '-' && s[len(s)-1] != '-'
}

// CheckFile parses a provider's configuration: INI with one section, [Global]. It
// reports everything that is wrong. Values are never part of an error: they may be
// secret.
func CheckFile(provider string, content []byte) error {
	if err := CheckProvider(provider); err != nil {
		return err
	}
	file, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true}, content)
	if err != nil {
		return errors.New("the file is not INI: a line [Global], then lines key = value")
	}
	if len(file.Section(ini.DefaultSection).Keys()) > 0 {
		return errors.New("the file has settings before any section; its first line must be [Global]")
	}
	var errs []error
	global := false
	for _, section := range file.Sections() {
		switch {
		case section.Name() == ini.DefaultSection:
		case strings.EqualFold(section.Name(), "Global"):
			global = true
			errs = append(errs, checkKeys(provider, section))
		default:
			errs = append(errs, fmt.Errorf("the file has a section [%s]; only [Global] is known", section.Name()))
		}
	}
	if !global {
		errs = append(errs, errors.New("the file has no section [Global]"))
	}
	return errors.Join(errs...)
}

func checkKeys(provider string, section *ini.Section) error {
	var errs []error
	for _, key := range section.KeyStrings() {
		if !slices.Contains(keys[provider], strings.ToLower(key)) {
			errs = append(errs, fmt.Errorf("key %q is unknown to DNS provider %s, which knows %s", key, provider, strings.Join(keys[provider], ", ")))
		}
	}
	return errors.Join(errs...)
}
