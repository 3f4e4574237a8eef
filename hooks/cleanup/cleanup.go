// Package cleanup is the hook that deletes what the other hooks made, once a
// federation is gone.
package cleanup

import (
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

// Secrets reads and deletes the host namespace's Secrets.
type Secrets interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error)
	Delete(ctx context.Context, name string, opts metav1.DeleteOptions) error
}

// Options say whose Secrets go. All but Out are required.
type Options struct {
	Federation string
	Namespace  string
	Secrets    Secrets
	Out        io.Writer // a line for each deleted Secret; default: nowhere
}

// Run deletes the federation's Secrets by name, those alone that carry the mark
// of a hook or of the CLI. It goes on when one cannot be deleted, and returns
// all errors.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	err := o.delete(ctx, secrets.DNSProvider, secrets.ManagedByCLI)
	for _, which := range secrets.MadeByHooks() {
		err = errors.Join(err, o.delete(ctx, which, secrets.ManagedByHook))
	}
	return err
}

// delete deletes a Secret made by maker, and no other.
func (o Options) delete(ctx context.Context, which, maker string) error {
	name := secrets.Name(o.Federation, which)
	s, err := o.Secrets.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read secret %s/%s: %w", o.Namespace, name, err)
	}
	if s.Labels[secrets.LabelManagedBy] != maker || s.Labels[secrets.LabelInstance] != o.Federation {
		return nil
	}
	// Only this very Secret, as it was looked at: one that was made or marked
	// anew meanwhile is somebody else's.
	only := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &s.UID, ResourceVersion: &s.ResourceVersion}}
	err = o.Secrets.Delete(ctx, name, only)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete secret %s/%s: %w", o.Namespace, name, err)
	}
	_, err = fmt.Fprintf(o.Out, "secret %s/%s: deleted\n", o.Namespace, name)
	return err
}
