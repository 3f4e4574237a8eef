package teardown

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/internal/fedapi"
	"github.com/fedhelm/fedhelm/hooks/internal/wait"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

const (
	pollInterval = 250 * time.Millisecond
	// askLimit is how long the federation API is asked who it is; one that is gone for good is not waited for.
	askLimit = 20 * time.Second
	// lastWords is how long a controller manager that was told to end may still be at its last change.
	lastWords = 3 * time.Second
)

// Records say where a federation's records are and how they are reached.
type Records struct {
	Zones     []dnsconfig.Zone
	AdoptUIDs []string // of former federations of that name, whose records go as well
	// UID asks the federation API for the federation's.
	UID func(ctx context.Context) (string, error)
	// Read asks the federation API whether the federation has ever read a zone, given by its absolute name.
	Read func(ctx context.Context, provider, zone string) (bool, error)
	// Open makes a zone's provider.
	Open func(ctx context.Context, zone dnsconfig.Zone) (dns.Provider, error)
	// Manager is the Deployment of the controller manager, which would write the records again.
	Manager Deployments

	askLimit, lastWords time.Duration // tests wait less
}

// UID asks a federation API for the federation's.
func UID(ctx context.Context, api rest.Interface) (string, error) { return fedapi.UID(ctx, api) }

// Read asks a federation API whether the federation has ever read a zone.
func Read(ctx context.Context, api rest.Interface, provider, zone string) (bool, error) {
	return fedapi.ZoneRead(ctx, api, provider, zone)
}

// removeRecords removes the federation's records from every zone. When one of them fails, the federation goes on as it was.
func (o Options) removeRecords(ctx context.Context) error {
	if len(o.Records.Zones) == 0 {
		return nil
	}
	skip, err := o.asked(ctx, fedv1beta1.AnnotationTeardownDNS, fedv1beta1.TeardownDNSSkip)
	if err != nil {
		return err
	}
	if skip {
		o.say("its records at the DNS provider stay, as %s=%s says", fedv1beta1.AnnotationTeardownDNS, fedv1beta1.TeardownDNSSkip)
		return nil
	}
	owner := dns.Owner{Federation: o.Federation, Adopt: o.Records.AdoptUIDs}
	var unknown error
	if owner.UID, unknown = o.uid(ctx); unknown != nil {
		return o.everyZone(ctx, func(ctx context.Context, provider dns.Provider, zone dns.Zone) error {
			return o.nothingThere(ctx, provider, zone, unknown)
		})
	}
	resume, err := o.stopManager(ctx)
	if err != nil {
		return err
	}
	if err := o.purge(ctx, owner); err != nil {
		return errors.Join(err, resume(ctx))
	}
	return nil
}

// purge goes through the zones twice: the controller manager may have been within a change when it was stopped.
func (o Options) purge(ctx context.Context, owner dns.Owner) error {
	gone := map[string]int{}
	once := func(ctx context.Context, provider dns.Provider, zone dns.Zone) error {
		n, err := keeper.Purge(ctx, provider, zone, owner)
		gone[zone.Name] += n
		return err
	}
	if err := o.everyZone(ctx, once); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(o.Records.lastWords):
	}
	if err := o.everyZone(ctx, once); err != nil {
		return err
	}
	for _, zone := range o.Records.Zones {
		o.say("zone %s: the records of %d names are removed", zone.Name, gone[dns.Absolute(zone.Name)])
	}
	return nil
}

// everyZone calls do with each zone, also when it fails for some. The error is not one that passes by itself: what may was tried again. One that
// the federation itself has never been able to read holds nothing of it, and nobody up.
func (o Options) everyZone(ctx context.Context, do func(context.Context, dns.Provider, dns.Zone) error) error {
	var failed []string
	for _, zone := range o.Records.Zones {
		err := o.withZone(ctx, zone, do)
		if err != nil && o.neverRead(ctx, zone) {
			o.say("zone %s: the federation has never read it, so nothing of it is there (%v)", zone.Name, err)
			continue
		}
		if err != nil {
			failed = append(failed, fmt.Sprintf("zone %q of DNS provider %s: %v", zone.Name, zone.Provider, err))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("the records of federation %q cannot be removed: %s; put the release right with: helm rollback %s --namespace=%s; "+
		"or, to leave them: kubectl annotate service %s --namespace=%s %s=%s (fedhelm delete --keep-dns-records); and uninstall again",
		o.Federation, strings.Join(failed, "; "), o.Federation, o.Namespace,
		o.service(), o.Namespace, fedv1beta1.AnnotationTeardownDNS, fedv1beta1.TeardownDNSSkip)
}

// neverRead asks the federation API, for a while: it may be starting. Where it does not say, the zone may have been read.
func (o Options) neverRead(ctx context.Context, zone dnsconfig.Zone) bool {
	asking, cancel := context.WithTimeout(ctx, o.Records.askLimit)
	defer cancel()
	never := false
	_, err := wait.Until(asking, o.Out, pollInterval, func(ctx context.Context) (string, error) {
		read, err := o.Records.Read(ctx, zone.Provider, dns.Absolute(zone.Name))
		if err != nil {
			return fmt.Sprintf("for the federation API to say whether zone %q was ever read: %v", zone.Name, err), nil
		}
		never = !read
		return "", nil
	})
	return err == nil && never
}

func (o Options) withZone(ctx context.Context, zone dnsconfig.Zone, do func(context.Context, dns.Provider, dns.Zone) error) error {
	provider, err := o.Records.Open(ctx, zone)
	if err != nil {
		return err
	}
	if closer, ok := provider.(io.Closer); ok {
		defer func() { _ = closer.Close() }() // nothing is lost with it
	}
	all, err := provider.Zones(ctx)
	if err != nil {
		return err
	}
	found, err := dns.SelectZone(zone.Provider, all, zone.Name, zone.ID)
	if errors.Is(err, dns.ErrNoZone) && zone.ID == "" {
		o.say("zone %s: the DNS provider has none", zone.Name)
		return nil
	}
	if err != nil {
		return err
	}
	return do(ctx, provider, found)
}

// nothingThere makes sure that there is nothing to remove where it is not known what would be this federation's and what another's of that name.
func (o Options) nothingThere(ctx context.Context, provider dns.Provider, zone dns.Zone, unknown error) error {
	sets, err := provider.Records(ctx, zone, zone.Name)
	if err != nil {
		return err
	}
	for name, mark := range dns.NewIndex(sets).Marked() {
		if mark.Federation == o.Federation {
			return fmt.Errorf("there are records of a federation %q, as at %s, and whether they are this one's only its API can tell: %w", o.Federation, name, unknown)
		}
	}
	o.say("zone %s: there are no records of a federation %s", zone.Name, o.Federation)
	return nil
}

// uid asks the federation API, for a while.
func (o Options) uid(ctx context.Context) (string, error) {
	asking, cancel := context.WithTimeout(ctx, o.Records.askLimit)
	defer cancel()
	var uid string
	waiting, err := wait.Until(asking, o.Out, time.Second, func(ctx context.Context) (string, error) {
		found, err := o.Records.UID(ctx)
		if err != nil {
			return fmt.Sprintf("for the federation API to say who it is: %v", err), nil
		}
		uid = found
		return "", nil
	})
	if err != nil {
		return "", fmt.Errorf("waited %s %s", o.Records.askLimit, waiting)
	}
	return uid, nil
}

// say adds a line for the person who looks on.
func (o Options) say(format string, args ...any) {
	// Progress that cannot be shown is no reason to fail.
	_, _ = fmt.Fprintf(o.Out, format+"\n", args...)
}
