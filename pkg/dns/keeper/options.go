// Package keeper keeps the names of a federation in one DNS zone: what its Services want is there, whatever somebody else does to it, and nothing
// that nobody wants stays.
package keeper

import (
	"context"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say what a Keeper works with. All are required unless said otherwise.
type Options struct {
	Provider string // its name, for metrics
	// Open makes the provider. It is called until it succeeds, and again after the provider has denied something: it may have been made from
	// credentials that have been replaced. A provider that is an io.Closer is closed.
	Open func(ctx context.Context) (dns.Provider, error)

	ZoneName string // it or an id
	ZoneID   string
	// AskZoneID is asked for the id whenever the zone is looked for, if ZoneID is empty. Nil: there is none.
	AskZoneID  func() string
	CreateZone bool // when there is none of that name
	// Except are absolute names in the zone that are kept by others: it, and what is below it, is not looked at.
	Except []string

	Owner dns.Owner
	// UnsourcedPercent is how many of the zone's Services may go at once without anybody having seen their deletion; ten always may.
	UnsourcedPercent int
	Resync           time.Duration // between listings; default: 5 min
	// Changed is told of Services whose ServiceStatus is another now, and, by "", of a Status that is. It must not block. Nil: nobody is told.
	Changed func(service string)
	Metrics *Metrics // nil: nowhere
}

// How a Keeper paces itself.
const (
	gather       = 50 * time.Millisecond // changes within this are made together
	gatherMost   = time.Second           // but none waits longer
	gatherLost   = 10 * time.Second      // Services that are lost within this are counted together
	firstPause   = time.Second           // after something failed
	longest      = time.Minute           // pauses double up to this
	longestAsked = 10 * time.Minute      // a provider may ask for less, and is asked again all the same
	unitsAtOnce  = 1000                  // given to the provider, so that what users change need not wait for all of a zone
	lookAgain    = 5 * time.Second       // whether the provider has become another one
	mostDropped  = 3                     // listings in a row; then one comes to its end before anything else is done
	callLimit    = 5 * time.Minute       // a provider may take
	alwaysFree   = 10                    // Services that may go unseen
)

// pause is how long to wait after so many failures in a row.
func pause(failures int) time.Duration {
	return min(firstPause<<min(failures-1, 10), longest)
}
