// Package verify checks an installed federation from inside its host cluster,
// for helm test.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/internal/fedapi"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Options say what to check. API is required.
type Options struct {
	API rest.Interface // as the controller manager, through the Service
	Out io.Writer      // a line for each check; default: nowhere
}

// Run makes every check, whatever became of those before, and returns all that
// failed.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	checks := []struct {
		name string
		run  func(context.Context) error
	}{
		{"the API server answers through its Service, shows a certificate that is trusted, and is ready", func(ctx context.Context) error {
			return fedapi.Ready(ctx, o.API)
		}},
		{"the API serves clusters." + fedv1beta1.GroupName, func(ctx context.Context) error {
			return fedapi.Established(ctx, o.API, "clusters."+fedv1beta1.GroupName)
		}},
		{"namespace default is Active", func(ctx context.Context) error {
			return fedapi.NamespaceActive(ctx, o.API, "default")
		}},
	}
	var errs []error
	for _, c := range checks {
		err := c.run(ctx)
		verdict := "ok    "
		if err != nil {
			verdict = "FAILED"
			errs = append(errs, err)
		}
		if _, err := fmt.Fprintf(o.Out, "%s  %s\n", verdict, c.name); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}
