package pki

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// hook is one run.
type hook struct {
	Options
	store       secrets.Store
	generator   pki.Generator
	authorities map[Kind]*authority
	tokenKey    []byte // PEM; signs ServiceAccount tokens
	report      *report
}

// Run makes and renews what the options ask for; see the package comment.
// It waits for nothing but the host's API server.
func Run(ctx context.Context, o Options) error {
	h, err := newHook(o)
	if err != nil {
		return err
	}
	if h.CheckOnly {
		return h.check(ctx)
	}
	defer h.report.print(h.Out)
	if err := h.ensureAuthorities(ctx); err != nil {
		return err
	}
	apiserver, err := h.ensureAPIServer(ctx, nil)
	if err != nil {
		return err
	}
	if err := h.ensureRest(ctx, publishedAddresses(apiserver)); err != nil {
		return err
	}
	return h.roll(ctx, apiserver)
}

// Publish names the addresses in the serving certificates, in place of those
// published before, and remembers them for every renewal to come. With
// CheckOnly it does nothing: the certificates are the user's.
func Publish(ctx context.Context, o Options, addresses []string) error {
	h, err := newHook(o)
	if err != nil || h.CheckOnly {
		return err
	}
	defer h.report.printChanges(h.Out)
	if err := h.loadAuthorities(ctx); err != nil {
		return err
	}
	apiserver, err := h.ensureAPIServer(ctx, addresses)
	if err != nil {
		return err
	}
	sheets, err := table(h.Options, publishedAddresses(apiserver))
	if err != nil {
		return err
	}
	for _, want := range sheets {
		if want.which != secrets.AuthProxy {
			continue
		}
		if err := h.ensure(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

func newHook(o Options) (*hook, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	return &hook{
		Options:     o,
		store:       secrets.Store{Client: o.Secrets, Federation: o.Federation, Namespace: o.Namespace},
		generator:   pki.Generator{Algorithm: o.Algorithm, Rand: o.Rand, Now: o.Now},
		authorities: map[Kind]*authority{},
		report:      &report{federation: o.Federation},
	}, nil
}

// ensureAPIServer comes before the other leaves: the key for tokens and the
// published addresses are taken from it. nil addresses mean those it has.
func (h *hook) ensureAPIServer(ctx context.Context, addresses []string) (*corev1.Secret, error) {
	current, err := h.store.Get(ctx, secrets.APIServer)
	if err != nil {
		return nil, err
	}
	if current == nil || len(current.Data[keyTokenPrivate]) == 0 {
		controllers, err := h.store.Get(ctx, secrets.KubeControllerManager)
		if err != nil {
			return nil, err
		}
		if err := h.findTokenKey(controllers); err != nil {
			return nil, err
		}
	}
	var (
		want sheet
		done []string
	)
	out, outcome, err := h.store.Ensure(ctx, secrets.APIServer, func(s *corev1.Secret) error {
		if addresses != nil {
			annotate(s, fedv1beta1.AnnotationPublishedAddresses, strings.Join(addresses, ","))
		}
		if s.ResourceVersion == "" {
			annotate(s, annotationFirstGeneration, generation(h.authorities, ofAPIServer))
		}
		sheets, err := table(h.Options, publishedAddresses(s))
		if err != nil {
			return err
		}
		want = sheets[0]
		done, err = h.fill(s, want)
		return err
	})
	if err != nil {
		return nil, err
	}
	h.tokenKey = out.Data[keyTokenPrivate] // another run may have been first
	h.report.secret(out, outcome, done, expiry(out, want))
	return out, nil
}

// ensureRest makes all other Secrets, at the same time: they do not depend on
// each other.
func (h *hook) ensureRest(ctx context.Context, published []string) error {
	sheets, err := table(h.Options, published)
	if err != nil {
		return err
	}
	group, together := errgroup.WithContext(ctx)
	for _, want := range sheets[1:] {
		group.Go(func() error { return h.ensure(together, want) })
	}
	if h.TokenAuth {
		group.Go(func() error { return h.token(together) })
	}
	if h.BasicAuth {
		group.Go(func() error { return h.password(together) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if h.RefreshKubeconfig {
		return h.refreshKubeconfig(ctx)
	}
	return nil
}

func (h *hook) ensure(ctx context.Context, want sheet) error {
	var done []string
	out, outcome, err := h.store.Ensure(ctx, want.which, func(s *corev1.Secret) (err error) {
		if done, err = h.fill(s, want); err == nil && s.ResourceVersion == "" {
			h.begin(s, want.which)
		}
		return err
	})
	if err != nil {
		return err
	}
	h.report.secret(out, outcome, done, expiry(out, want))
	return nil
}

func annotate(s *corev1.Secret, key, value string) {
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	s.Annotations[key] = value
}

// publishedAddresses returns what Publish was given last.
func publishedAddresses(s *corev1.Secret) []string {
	return strings.FieldsFunc(s.Annotations[fedv1beta1.AnnotationPublishedAddresses], func(r rune) bool { return r == ',' })
}
