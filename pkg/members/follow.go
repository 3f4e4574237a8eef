package members

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"
)

// Between tries of a host cluster that does not say what is in a Secret.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 15 * time.Second
)

// A watch is begun anew after this long, up to twice that: a watch that went silent costs no more.
const watchFor = 5 * time.Minute

// follow tells what becomes of one Secret until ctx ends: the Secret, nil when there is none, or the host cluster's refusal. It asks for
// that one name alone, because the controller manager may not list the others.
func (r *Registry) follow(ctx context.Context, name string, tell func(*corev1.Secret, error)) {
	pause := firstRetry
	for ctx.Err() == nil {
		begun := r.o.Clock.Now()
		err := r.followOnce(ctx, name, tell)
		if ctx.Err() != nil {
			return
		}
		if err != nil && apierrors.IsForbidden(err) {
			tell(nil, err)
		}
		if r.o.Clock.Since(begun) > lastRetry { // it went well for a while
			pause = firstRetry
			if err == nil {
				continue
			}
		}
		if !r.sleep(ctx, jittered(pause)) {
			return
		}
		pause = min(2*pause, lastRetry)
	}
}

// followOnce lists the Secret and then watches it for as long as that goes.
func (r *Registry) followOnce(ctx context.Context, name string, tell func(*corev1.Secret, error)) error {
	ctx = silent(ctx)
	only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()}
	list, err := r.o.Secrets.List(ctx, only)
	if err != nil {
		if !apierrors.IsForbidden(err) { // which follow tells
			tell(nil, err)
		}
		return err
	}
	var found *corev1.Secret
	for i := range list.Items {
		if list.Items[i].Name == name {
			found = &list.Items[i]
		}
	}
	tell(found, nil)

	seconds := int64(watchFor.Seconds() * (1 + rand.Float64())) //nolint:gosec // spread, not secrecy
	only.ResourceVersion, only.TimeoutSeconds = list.ResourceVersion, &seconds
	w, err := r.o.Secrets.Watch(ctx, only)
	if err != nil {
		return err
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, more := <-w.ResultChan():
			if !more {
				return nil
			}
			if err := tellEvent(event, name, tell); err != nil {
				return err
			}
		}
	}
}

func tellEvent(event watch.Event, name string, tell func(*corev1.Secret, error)) error {
	secret, ok := event.Object.(*corev1.Secret)
	switch event.Type {
	case watch.Added, watch.Modified:
		if ok && secret.Name == name {
			tell(secret, nil)
		}
	case watch.Deleted:
		if ok && secret.Name == name {
			tell(nil, nil)
		}
	case watch.Error:
		return fmt.Errorf("watch Secret %q: %w", name, apierrors.FromObject(event.Object))
	case watch.Bookmark:
	default:
		return errors.New("watch Secret: unknown event " + string(event.Type))
	}
	return nil
}

// sleep reports false when ctx ends first.
func (r *Registry) sleep(ctx context.Context, d time.Duration) bool {
	timer := r.o.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C():
		return true
	}
}

// jittered spreads a pause by a fifth, so that many members do not come at once.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64())) //nolint:gosec // spread, not secrecy
}

// silent keeps client-go from logging what is sent and received, however much is to be logged: there are credentials in it.
func silent(ctx context.Context) context.Context { return klog.NewContext(ctx, klog.Logger{}) }
