package customkinds

import (
	"context"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// How soon the definitions are looked at again: after a failure, while a kind is leaving, and when nothing happens at all, so that what
// somebody changed of our objects is put back.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
	leaveAgain = 5 * time.Second
	lookAgain  = 10 * time.Minute
)

// Start follows the definitions until ctx ends.
func (f *Follower) Start(ctx context.Context) error {
	informer, err := f.informer(ctx)
	if err != nil {
		return err
	}
	handle, err := informer.AddEventHandler(f.awake())
	if err != nil {
		return fmt.Errorf("watch CustomResourceDefinitions: %w", err)
	}
	log, retry := ctrl.LoggerFrom(ctx), firstRetry
	for ctx.Err() == nil {
		again := lookAgain
		if informer.HasSynced() {
			again, err = f.reconcile(ctx)
			if err == nil {
				retry = firstRetry
			} else {
				log.Error(err, "Custom kinds are not up to date")
				again, retry = retry, min(2*retry, lastRetry)
			}
		}
		timer := f.o.Clock.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-f.wake:
		case <-timer.C():
		}
		timer.Stop()
	}
	if err := informer.RemoveEventHandler(handle); err != nil {
		return fmt.Errorf("stop watching CustomResourceDefinitions: %w", err)
	}
	return nil
}

// informer waits for a federation API that does not answer yet.
func (f *Follower) informer(ctx context.Context) (cache.Informer, error) {
	for {
		informer, err := f.o.Definitions.GetInformer(ctx, definitionMetadata())
		if err == nil {
			return informer, nil
		}
		ctrl.LoggerFrom(ctx).Info("CustomResourceDefinitions cannot be watched yet", "reason", err.Error())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-f.o.Clock.After(time.Second):
		}
	}
}
