package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	dnsnames "github.com/fedhelm/fedhelm/pkg/dns" // the flags have its name
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
)

// dns says who serves the federation's names, and how they are kept there.
type dns struct {
	first      dnsZone
	additional []string // each a dnsZone
	createZone bool
	adoptUIDs  []string

	ttl          time.Duration
	hostnames    string
	resyncPeriod time.Duration
	offlineGrace time.Duration
}

// dnsZone is one that has the federation's names.
type dnsZone struct {
	provider string
	name     string
	id       string
	config   string
	suffix   string
}

// Values of --dns-hostnames.
const (
	hostnamesResolve = "resolve"
	hostnamesCNAME   = "cname"
)

func (d *dns) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&d.first.provider, "dns-provider", "", "who serves the federation's DNS zone: "+strings.Join(dnsconfig.Providers(), ", ")+"; empty or none for a federation without DNS")
	fs.StringVar(&d.first.name, "zone-name", "", "DNS zone with the federation's names, such as example.com.")
	fs.StringVar(&d.first.id, "zone-id", "", "the provider's id of the zone, where it has several of that name")
	fs.StringVar(&d.first.config, "dns-provider-config", "", "file with the DNS provider's configuration; it is read again when it changes")
	fs.StringVar(&d.first.suffix, "service-dns-suffix", "", "what the names of Services end with; it is in the zone, and the zone's name if empty")
	fs.StringArrayVar(&d.additional, "dns-zone", nil, "a further zone that gets the same names: provider=PROVIDER,zone=ZONE[,zone-id=ID][,config=FILE][,suffix=SUFFIX]; can be repeated")
	fs.BoolVar(&d.createZone, "dns-create-zone", false, "create zones that there are not, where the provider can")
	fs.StringSliceVar(&d.adoptUIDs, "dns-adopt-uids", nil, "UIDs of former federations of this name, whose records are taken over")
	fs.DurationVar(&d.ttl, "dns-ttl", time.Minute, "for how long resolvers may keep an answer, unless an annotation of the Service says otherwise")
	fs.StringVar(&d.hostnames, "dns-hostnames", hostnamesResolve, "what becomes of load balancers' hostnames: resolve, to have their addresses in the zone, or cname, to have themselves there where they are the only address")
	fs.DurationVar(&d.resyncPeriod, "dns-resync-period", 5*time.Minute, "how often all records of a zone are compared with what they shall be")
	fs.DurationVar(&d.offlineGrace, "dns-offline-grace", time.Minute, "how long a member must be not Ready until names do not lead to it any more")
}

// enabled says whether the federation has DNS names.
func (d *dns) enabled() bool {
	return d.first.provider != "" && d.first.provider != "none"
}

func (d *dns) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if d.ttl < dnsstate.ShortestTTL || d.ttl > dnsstate.LongestTTL || d.ttl%time.Second != 0 {
		bad("--dns-ttl=%s: must be whole seconds, from 1s to 24h", d.ttl)
	}
	if d.hostnames != hostnamesResolve && d.hostnames != hostnamesCNAME {
		bad("--dns-hostnames=%q: must be %s or %s", d.hostnames, hostnamesResolve, hostnamesCNAME)
	}
	if d.resyncPeriod <= 0 {
		bad("--dns-resync-period=%s: must be more than 0", d.resyncPeriod)
	}
	if d.offlineGrace < 0 {
		bad("--dns-offline-grace=%s: must not be negative", d.offlineGrace)
	}
	if slices.Contains(d.adoptUIDs, "") {
		bad("--dns-adopt-uids: must be UIDs, separated by commas")
	}
	_, err := d.zones()
	return errors.Join(append(errs, err)...)
}

// seconds of the TTL, which was validated.
func (d *dns) seconds() uint32 { return uint32(min(d.ttl/time.Second, math.MaxUint32)) } //nolint:gosec // it was validated

// zones are all that are told of; none without a provider. The error tells of all that is wrong with them.
func (d *dns) zones() ([]dnsZone, error) {
	var errs []error
	if !d.enabled() {
		if d.first.name != "" {
			errs = append(errs, named("--zone-name", dnsconfig.CheckZone(d.first.name)))
		}
		if len(d.additional) > 0 {
			errs = append(errs, errors.New("--dns-zone: must not be given without --dns-provider and --zone-name, which are the first zone"))
		}
		return nil, errors.Join(errs...)
	}
	first := d.first
	errs = append(errs, named("--dns-provider", dnsconfig.CheckProvider(first.provider)))
	if first.name == "" {
		errs = append(errs, errors.New("--zone-name: must be given with --dns-provider, the zone with the federation's names, such as \"example.com.\""))
	} else {
		errs = append(errs, named("--zone-name", dnsconfig.CheckZone(first.name)), named("--service-dns-suffix", first.complete()))
	}
	all := []dnsZone{first}
	for _, text := range d.additional {
		told, err := dnsconfig.ParseZone(text)
		z := dnsZone{provider: told.Provider, name: told.Name, id: told.ID, config: told.File, suffix: told.Suffix}
		if err == nil {
			err = z.complete()
		}
		if err == nil && slices.ContainsFunc(all, func(other dnsZone) bool {
			return other.provider == z.provider && other.name == z.name && (other.id == z.id || other.id == "" || z.id == "") && other.config == z.config
		}) {
			err = errors.New("this zone is given twice; it would be kept by two at a time, each of which takes the other's records for garbage")
		}
		errs = append(errs, named("--dns-zone="+text, err))
		all = append(all, z)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}

// complete sets the suffix, which must be in the zone.
func (z *dnsZone) complete() error {
	if z.suffix == "" {
		z.suffix = z.name
		return nil
	}
	suffix := dnsnames.Absolute(z.suffix)
	if err := dnsconfig.CheckZone(suffix); err != nil {
		return err
	}
	if !dnsnames.Within(suffix, z.name) {
		return fmt.Errorf("%q is not in zone %q", z.suffix, z.name)
	}
	z.suffix = suffix
	return nil
}

// named says of which flag an error is; nil if there is none.
func named(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}
