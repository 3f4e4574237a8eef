package servicedns

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

const (
	// zonePace is between two looks at how it stands with a zone.
	zonePace = time.Second
	// zonePeriod is how often that is looked at although nothing has changed, such as for annotations.
	zonePeriod = 10 * time.Second
	// syncPeriod is how often the time of the last listing is written when nothing else changes.
	syncPeriod = 5 * time.Minute
)

// tellZones keeps the DNSZones as it stands with the zones, until ctx ends.
func (c *Controller) tellZones(ctx context.Context) {
	names := make([]string, len(c.zones))
	for i, z := range c.zones {
		names[i] = z.name
	}
	Forget(ctx, c.o.Live, c.o.Client, names...)
	var running sync.WaitGroup
	defer running.Wait()
	for _, z := range c.zones {
		running.Go(func() {
			told := ""
			for ctx.Err() == nil {
				now := ""
				if err := c.tellZone(ctx, z); err != nil && ctx.Err() == nil {
					if now = err.Error(); now != told {
						ctrl.LoggerFrom(ctx).Error(err, "The state of a DNS zone could not be written", "zone", z.Name)
					}
				}
				told = now
				c.sleep(ctx, zonePace, nil)
				c.sleep(ctx, zonePeriod, z.news)
			}
		})
	}
}

// Forget deletes the DNSZones of zones that are not configured any more: all but those of these names. It tries again until that is done, or ctx
// ends.
func Forget(ctx context.Context, live client.Reader, writer client.Writer, but ...string) {
	for ctx.Err() == nil {
		var all fedv1beta1.DNSZoneList
		err := live.List(ctx, &all)
		for i := range all.Items {
			if slices.Contains(but, all.Items[i].Name) {
				continue
			}
			if failed := client.IgnoreNotFound(writer.Delete(ctx, &all.Items[i])); failed != nil {
				err = failed
			}
		}
		if err == nil {
			return
		}
		ctrl.LoggerFrom(ctx).Info("DNSZones of former zones cannot be deleted yet", "reason", err.Error())
		select {
		case <-ctx.Done():
		case <-time.After(lastRetry):
		}
	}
}

// tellZone writes how it stands with a zone, unless its DNSZone says so.
func (c *Controller) tellZone(ctx context.Context, z *zone) error {
	want := &fedv1beta1.DNSZone{
		ObjectMeta: metav1.ObjectMeta{Name: z.name},
		Spec: fedv1beta1.DNSZoneSpec{
			Provider: z.Provider, Zone: z.Name, Suffix: z.Suffix, Federation: c.o.Federation, TTL: int32(c.o.TTL), //nolint:gosec // a day at most
		},
	}
	is := &fedv1beta1.DNSZone{}
	err := c.o.Client.Get(ctx, client.ObjectKeyFromObject(want), is)
	switch {
	case apierrors.IsNotFound(err):
		is = want
		err = c.o.Client.Create(ctx, is)
	case err == nil && is.Spec != want.Spec:
		before := is.DeepCopy()
		is.Spec = want.Spec
		err = c.o.Client.Patch(ctx, is, client.MergeFrom(before))
	}
	if err != nil {
		return fmt.Errorf("write DNSZone %q: %w", z.name, err)
	}
	before := is.DeepCopy()
	status := z.keeper.Status()
	c.describe(is, z, status)
	if !worth(&before.Status, &is.Status) {
		is.Status = before.Status
	} else if err := c.o.Client.Status().Patch(ctx, is, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write the status of DNSZone %q: %w", z.name, err)
	}
	if is.Annotations[fedv1beta1.AnnotationDeleteUnsourced] == "true" && len(status.Held) > 0 {
		return c.letGo(ctx, is, z)
	}
	return nil
}

// letGo heeds the annotation that asks for it, and takes it off.
func (c *Controller) letGo(ctx context.Context, is *fedv1beta1.DNSZone, z *zone) error {
	before := is.DeepCopy()
	delete(is.Annotations, fedv1beta1.AnnotationDeleteUnsourced)
	if err := c.o.Client.Patch(ctx, is, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("take the annotation %s off DNSZone %q: %w", fedv1beta1.AnnotationDeleteUnsourced, z.name, err)
	}
	z.keeper.DeleteUnsourced()
	return nil
}

// describe makes the status of a DNSZone.
func (c *Controller) describe(is *fedv1beta1.DNSZone, z *zone, s keeper.Status) {
	status := &is.Status
	if s.Zone.ID != "" {
		status.ZoneID = s.Zone.ID
	}
	if !s.LastSync.IsZero() {
		status.Names, status.Records = int32(s.Names), int32(s.Records) //nolint:gosec // no zone has so many
		status.LastSyncTime = &metav1.Time{Time: s.LastSync.Truncate(time.Second)}
	}
	status.Servers = nil
	if z.Servers != nil {
		status.Servers = z.Servers()
	}
	if s.Reason == keeper.Starting && len(status.Conditions) > 0 {
		return // what was said before holds until there is something to say
	}
	now := metav1.NewTime(c.o.Clock.Now())
	ready := metav1.Condition{
		Type: fedv1beta1.DNSZoneReady, Status: metav1.ConditionTrue, Reason: string(s.Reason), Message: s.Message, ObservedGeneration: is.Generation, LastTransitionTime: now,
	}
	held := metav1.Condition{
		Type: fedv1beta1.DNSZoneRecordsHeld, Status: metav1.ConditionFalse, Reason: string(keeper.Synced), ObservedGeneration: is.Generation, LastTransitionTime: now,
		Message: "no records are held whose Services are gone",
	}
	if s.Reason != keeper.Synced {
		ready.Status = metav1.ConditionFalse
	}
	if len(s.Held) > 0 {
		held.Status, held.Reason = metav1.ConditionTrue, fedv1beta1.ReasonSourcesMissing
		held.Message = fmt.Sprintf("%d Services have records, and are not there, though nobody saw their deletion: %s; if that is meant, run: kubectl annotate dnszone %s %s=true",
			len(s.Held), enumerate(s.Held), is.Name, fedv1beta1.AnnotationDeleteUnsourced)
	}
	for _, condition := range []metav1.Condition{ready, held} {
		meta.SetStatusCondition(&status.Conditions, condition)
	}
}

// worth tells whether a status differs by enough to be written.
func worth(before, is *fedv1beta1.DNSZoneStatus) bool {
	a, b := *before, *is
	a.LastSyncTime, b.LastSyncTime = nil, nil
	if !equality.Semantic.DeepEqual(a, b) {
		return true
	}
	if is.LastSyncTime == nil || before.LastSyncTime == nil {
		return is.LastSyncTime != before.LastSyncTime
	}
	return is.LastSyncTime.Sub(before.LastSyncTime.Time) >= syncPeriod
}
