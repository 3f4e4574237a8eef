package servicedns

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Sweep removes what is left in the federation API of names that are not made any more since no zone is configured: annotations and conditions of
// Services, and last the DNSZones, which are how it knows that there is something to remove. Records that are left in zones are out of its reach; it
// logs where they are. It tries again until all is done, or ctx ends.
func Sweep(ctx context.Context, services corev1client.ServicesGetter, live client.Reader, writer client.Writer) {
	told := false
	for ctx.Err() == nil {
		var zones fedv1beta1.DNSZoneList
		err := live.List(ctx, &zones)
		if err == nil && len(zones.Items) == 0 {
			return
		}
		if err == nil && !told {
			tellLeft(ctx, zones.Items)
			told = true
		}
		if err == nil {
			err = clearAll(ctx, services)
		}
		if err == nil {
			Forget(ctx, live, writer)
			return
		}
		ctrl.LoggerFrom(ctx).Info("What Services say of their former names cannot be removed yet", "reason", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(lastRetry):
		}
	}
}

// tellLeft says which zones had names when they were kept last.
func tellLeft(ctx context.Context, zones []fedv1beta1.DNSZone) {
	for i := range zones {
		if z := &zones[i]; z.Status.Names > 0 {
			ctrl.LoggerFrom(ctx).Info("The federation has no DNS any more; the records that it made in a zone are left there, unless the zone's server has gone with it. "+
				"To remove them configure the zone again, annotate all Clusters "+fedv1beta1.AnnotationDNSDrain+"=true, and take the zone out when its DNSZone has no names",
				"zone", z.Spec.Zone, "provider", z.Spec.Provider, "names", z.Status.Names)
		}
	}
}

// clearAll takes annotation and condition off all Services.
func clearAll(ctx context.Context, api corev1client.ServicesGetter) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return api.Services(metav1.NamespaceAll).List(ctx, o)
	})
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		service, ok := o.(*corev1.Service)
		if !ok {
			return fmt.Errorf("%T is listed among Services", o)
		}
		s := said(service)
		if s.deleting || s.annotation == "" && s.condition == nil {
			return nil
		}
		_, err := write(ctx, api, s, "", nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear Services: %w", err)
	}
	return nil
}
