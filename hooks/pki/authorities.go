package pki

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

// needed lists the authorities that these options need.
func (h *hook) needed() []Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k Kind) bool {
		return k == Etcd && h.ExternalEtcd || k == DNSEtcd && !h.DNSEtcd
	})
}

// ensureAuthorities takes the authorities from the user's Secret, and those
// that it lacks from R-ca, which it makes, or takes a step further.
func (h *hook) ensureAuthorities(ctx context.Context) error {
	own, err := h.usersAuthorities(ctx)
	if err != nil {
		return err
	}
	managed := slices.DeleteFunc(h.needed(), func(k Kind) bool { return own[k] != nil })
	for _, k := range h.Rotate {
		if !slices.Contains(managed, k) {
			return fmt.Errorf("--rotate-ca=%s: that authority is not made here; replace it in your Secret %q, the new one first and the old one behind it",
				k, h.ExistingCASecret)
		}
	}
	for _, k := range h.Distrust {
		if !slices.Contains(managed, k) {
			return fmt.Errorf("--distrust-ca=%s: that authority is not made here; remove what shall not be trusted from %q in your Secret %q",
				k, k.certKey(), h.ExistingCASecret)
		}
	}
	h.authorities = own
	if len(managed) == 0 {
		return nil
	}
	var done []string
	out, outcome, err := h.store.Ensure(ctx, secrets.CA, func(s *corev1.Secret) error {
		done = nil
		before, err := loadAll(s)
		if err != nil {
			return err
		}
		all := maps.Clone(before)
		maps.Copy(all, own)
		for _, k := range managed {
			after, what, err := h.turn(ctx, k, all).advance(before[k])
			if err != nil {
				return fmt.Errorf("%s authority: %w", k, err)
			}
			if what != "" && s.ResourceVersion != "" {
				done = append(done, string(k)+": "+what)
			}
			if err := after.store(s.Data, k); err != nil {
				return err
			}
			h.authorities[k] = after
		}
		return nil
	})
	if err != nil {
		return err
	}
	var until time.Time
	for _, k := range managed {
		if t := h.authorities[k].Cert.NotAfter; until.IsZero() || t.Before(until) {
			until = t
		}
	}
	h.report.secret(out, outcome, done, until)
	return nil
}

func (h *hook) turn(ctx context.Context, k Kind, all map[Kind]*authority) turn {
	return turn{
		generator: h.generator,
		// Each successor has the same name. One that comes from elsewhere in the
		// bundle is told by its key identifier.
		subject:  pkix.Name{CommonName: "federation-" + k.stem(), Organization: []string{h.Federation}},
		validity: h.CAValidity,
		now:      h.Now(),
		forced:   slices.Contains(h.Rotate, k),
		distrust: slices.Contains(h.Distrust, k),
		renew:    fmt.Sprintf("kubectl -n %s create job --from=cronjob/%s-renew renew-now", h.Namespace, h.Federation),
		trusted:  h.trustedBy(ctx, k, all),
		hindrance: func() (string, error) {
			if k != Etcd {
				return "", nil
			}
			etcd, err := h.etcd(ctx)
			if err != nil || etcd == nil || !etcd.ephemeral {
				return "", err
			}
			return etcd.name + " keeps its data in its pods, and would lose it when they start anew to read the new authority", nil
		},
	}
}

// usersAuthorities are those in the Secret of the user's own: that of the
// cluster at least.
func (h *hook) usersAuthorities(ctx context.Context) (map[Kind]*authority, error) {
	if h.ExistingCASecret == "" {
		return map[Kind]*authority{}, nil
	}
	s, err := h.store.GetNamed(ctx, h.ExistingCASecret)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fmt.Errorf("secret %s/%s, which shall hold the certificate authorities, does not exist; create it with the keys %q and %q",
			h.Namespace, h.ExistingCASecret, Cluster.certKey(), Cluster.privateKey())
	}
	all, err := loadAll(s)
	if err != nil {
		return nil, err
	}
	var errs []error
	if all[Cluster] == nil {
		errs = append(errs, fmt.Errorf("secret %s/%s lacks the keys %q and %q", h.Namespace, s.Name, Cluster.certKey(), Cluster.privateKey()))
	}
	for _, k := range kinds {
		if a := all[k]; a != nil && !h.Now().Before(a.Cert.NotAfter) {
			errs = append(errs, fmt.Errorf("secret %s/%s, key %q: the authority expired on %s; put a new one in front of it",
				h.Namespace, s.Name, k.certKey(), day(a.Cert.NotAfter)))
		}
	}
	return all, errors.Join(errs...)
}

// loadAuthorities takes the authorities as they are.
func (h *hook) loadAuthorities(ctx context.Context) error {
	own, err := h.usersAuthorities(ctx)
	if err != nil {
		return err
	}
	s, err := h.store.Get(ctx, secrets.CA)
	if err != nil {
		return err
	}
	if s != nil {
		if h.authorities, err = loadAll(s); err != nil {
			return err
		}
	}
	maps.Copy(h.authorities, own)
	for _, k := range h.needed() {
		if h.authorities[k] == nil {
			return fmt.Errorf("there is no %s authority in secret %s/%s; the pki hook makes it: helm upgrade %s",
				k, h.Namespace, secrets.Name(h.Federation, secrets.CA), h.Federation)
		}
	}
	return nil
}

// loadAll reads every authority that the Secret has.
func loadAll(s *corev1.Secret) (map[Kind]*authority, error) {
	all := map[Kind]*authority{}
	var problems error
	for _, k := range kinds {
		a, err := load(s, k)
		problems = errors.Join(problems, err)
		if a != nil {
			all[k] = a
		}
	}
	return all, problems
}
