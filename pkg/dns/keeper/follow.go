package keeper

import (
	"context"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Replaceable is a provider that can become another one, as when its configuration names another server or account from now on.
type Replaceable interface {
	// Form is another number each time that it has become another one.
	Form(ctx context.Context) int
}

func (k *Keeper) replaceable() bool {
	_, ok := k.provider.(Replaceable)
	return ok
}

// follow forgets what is known of the zone when the provider has become another one: nothing says that it has the same zone, or holds the same.
func (k *Keeper) follow(ctx context.Context) {
	provider, ok := k.provider.(Replaceable)
	if !ok {
		return
	}
	form := provider.Form(ctx)
	if form == k.form {
		return
	}
	k.form = form
	k.forget()
}

// forget has the zone looked for and listed before anything else is done.
func (k *Keeper) forget() {
	k.dropListing()
	k.zone, k.index, k.failures = dns.Zone{}, nil, 0
}

// zoneID is what the zone is chosen by at present; "" if by its name alone.
func (k *Keeper) zoneID() string {
	if k.o.ZoneID == "" && k.o.AskZoneID != nil {
		return k.o.AskZoneID()
	}
	return k.o.ZoneID
}
