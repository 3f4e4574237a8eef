// Package bootstrap is the hook that gives a fresh federation API what its
// controller manager and its administrators need: the CustomResourceDefinitions,
// the admission policies and the basic access rights. Every controller manager waits for it, so
// that an upgrade brings the definitions up to date.
package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/internal/fedapi"
	"github.com/fedhelm/fedhelm/hooks/internal/wait"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const pollInterval = 200 * time.Millisecond

// Options say what to apply and where. API is required.
type Options struct {
	// API is a client of the federation API without a group, as a user who may
	// do everything.
	API rest.Interface
	// CRDs are manifests of CustomResourceDefinitions, one YAML document each.
	CRDs [][]byte
	// Kinds are those that are federated; default: kinds.Default.
	Kinds []kinds.Kind
	// AdminGroup is the group that becomes cluster-admin; default federation:admins.
	AdminGroup string
	// Timeout is what ctx was given; it is only named in errors.
	Timeout time.Duration
	Out     io.Writer // progress; default: nowhere
}

// Run waits, as long as ctx lets it, until the federation API is ready and has
// its first namespaces, then applies everything, and returns when the API serves
// the defined kinds. What is as it should be stays untouched. The policies take
// effect a second or so later; the controller manager does not rely on them.
func Run(ctx context.Context, o Options) error {
	o = o.complete()
	if err := o.await(ctx, "for the federation API to be ready", o.ready); err != nil {
		return err
	}
	objects, err := objects(o)
	if err != nil {
		return err
	}
	var errs []error
	for _, obj := range objects {
		errs = append(errs, obj.apply(ctx, o.API))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	err = o.await(ctx, "for the federation API to serve its kinds", func(ctx context.Context) error {
		for _, obj := range objects {
			if obj.kind != crdKind {
				continue
			}
			if err := fedapi.Established(ctx, o.API, obj.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "the federation API has its %d base objects\n", len(objects))
	return err
}

// Missing names an object that the federation API has not, "" if it has all: somebody deleted it, or the API's etcd was emptied. What
// others changed is not looked at: it may be another version of this one, in a roll-out.
func Missing(ctx context.Context, o Options) (string, error) {
	objects, err := objects(o.complete())
	if err != nil {
		return "", err
	}
	for _, obj := range objects {
		err := o.API.Get().AbsPath(obj.path...).Do(ctx).Error()
		if apierrors.IsNotFound(err) {
			return fmt.Sprintf("%s %q", obj.kind, obj.name), nil
		}
		if err != nil {
			return "", fmt.Errorf("look for %s %q in the federation API: %w", obj.kind, obj.name, err)
		}
	}
	return "", nil
}

func (o Options) complete() Options {
	if o.AdminGroup == "" {
		o.AdminGroup = "federation:admins"
	}
	if o.Kinds == nil {
		o.Kinds = kinds.Default()
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return o
}

// ready also asks for the namespaces, which the API server makes by itself a
// moment after it says that it is ready.
func (o Options) ready(ctx context.Context) error {
	if err := fedapi.Ready(ctx, o.API); err != nil {
		return err
	}
	for _, name := range []string{"default", leaseNamespace} {
		if err := fedapi.NamespaceActive(ctx, o.API, name); err != nil {
			return err
		}
	}
	return nil
}

// await repeats check until it succeeds.
func (o Options) await(ctx context.Context, what string, check func(context.Context) error) error {
	state, err := wait.Until(ctx, o.Out, pollInterval, func(ctx context.Context) (string, error) {
		if problem := check(ctx); problem != nil {
			return what + ": " + problem.Error(), nil //nolint:nilerr // a state to wait out, not a failure
		}
		return "", nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("after %s still waiting %s", o.Timeout, state)
	}
	return err
}
