package pki

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// inspection gathers what is wrong with the Secrets of the user's own.
type inspection struct {
	*hook
	bundles map[Kind][]located
	leaves  map[Kind][]located
	errs    []error
}

// located is a bundle, or a certificate with its chain, and where it was found.
type located struct {
	where string
	certs []*x509.Certificate
	usage pki.Usage
}

// check verifies the user's Secrets and returns everything that is wrong with them.
func (h *hook) check(ctx context.Context) error {
	sheets, err := table(h.Options, nil)
	if err != nil {
		return err
	}
	in := &inspection{hook: h, bundles: map[Kind][]located{}, leaves: map[Kind][]located{}}
	defer h.report.print(h.Out)
	for _, want := range sheets {
		s, err := in.secret(ctx, want.which)
		if err != nil {
			return err
		}
		if s != nil {
			in.sheet(s, want)
			h.report.secret(s, secrets.Checked, nil, expiry(s, want))
		}
	}
	if h.TokenAuth {
		name := cmp.Or(h.TokenSecret, secrets.Name(h.Federation, secrets.AuthTokens))
		in.errs = append(in.errs, h.users(ctx, name, secrets.KeyTokens))
	}
	if h.BasicAuth {
		name := cmp.Or(h.BasicSecret, secrets.Name(h.Federation, secrets.AuthBasic))
		in.errs = append(in.errs, h.users(ctx, name, keyBasicAuth))
	}
	in.chains()
	return errors.Join(in.errs...)
}

func (in *inspection) wrong(format string, args ...any) {
	in.errs = append(in.errs, fmt.Errorf(format, args...))
}

// secret returns a Secret, or nil after noting that there is none.
func (in *inspection) secret(ctx context.Context, which string) (*corev1.Secret, error) {
	s, err := in.store.Get(ctx, which)
	if err == nil && s == nil {
		in.wrong("secret %s/%s does not exist", in.Namespace, secrets.Name(in.Federation, which))
	}
	return s, err
}

// sheet checks what a Secret holds, and keeps its certificates for chains.
func (in *inspection) sheet(s *corev1.Secret, want sheet) {
	where := func(key string) string { return fmt.Sprintf("secret %s/%s, key %q", s.Namespace, s.Name, key) }
	for _, key := range slices.Sorted(maps.Keys(want.bundles)) {
		bundle, err := pki.ParseBundle(s.Data[key])
		if err != nil {
			in.wrong("%s: %w", where(key), err)
			continue
		}
		kind := want.bundles[key]
		in.bundles[kind] = append(in.bundles[kind], located{where: where(key), certs: bundle})
	}
	for _, l := range want.leaves {
		if why := pki.Mismatch(pki.Pair{Cert: s.Data[l.certKey()], Key: s.Data[l.privateKey()]}, l.want); why != "" {
			in.wrong("%s: %s", where(l.certKey()), why)
			continue
		}
		certs, err := pki.ParseBundle(s.Data[l.certKey()])
		if err != nil {
			in.wrong("%s: %w", where(l.certKey()), err)
			continue
		}
		in.leaves[l.signer] = append(in.leaves[l.signer], located{where(l.certKey()), certs, l.want.Usage})
	}
	if want.tokenKeys != noTokenKeys {
		if _, err := pki.ParseKey(s.Data[keyTokenPrivate]); err != nil {
			in.wrong("%s: %w", where(keyTokenPrivate), err)
		}
	}
	if want.tokenKeys == bothTokenKeys && len(s.Data[keyTokenPublic]) == 0 {
		in.wrong("%s: it is missing", where(keyTokenPublic))
	}
	if want.kubeconfig {
		config, err := kubeconfig.Decode(s.Data[secrets.KeyKubeconfig])
		if err == nil && config.CurrentContext == "" {
			err = errors.New("it has no current context")
		}
		if err != nil {
			in.wrong("%s: %w", where(secrets.KeyKubeconfig), err)
		}
	}
}

// chains checks that every holder of a bundle trusts every holder of a
// certificate that it may meet.
func (in *inspection) chains() {
	for _, k := range kinds {
		for _, l := range in.leaves[k] {
			if now := in.Now(); !now.Before(l.certs[0].NotAfter) {
				in.wrong("%s: it expired on %s", l.where, day(l.certs[0].NotAfter))
				continue
			}
			for _, b := range in.bundles[k] {
				if err := pki.Verify(l.certs, b.certs, l.usage, in.Now()); err != nil {
					in.wrong("%s is not trusted by %s: %w", l.where, b.where, err)
				}
			}
		}
	}
}
