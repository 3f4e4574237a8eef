package federation

import (
	"context"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Zones returns all DNSZones: those that the controller manager was told of.
func (a *API) Zones(ctx context.Context) (*fedv1beta1.DNSZoneList, error) {
	found := &fedv1beta1.DNSZoneList{}
	return found, a.rest.Get().Resource("dnszones").Do(ctx).Into(found)
}
