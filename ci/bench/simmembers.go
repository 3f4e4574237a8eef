package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// registering is how many Clusters are registered at once.
const registering = 16

// register makes simulated members Clusters of the federation. The controller manager runs as an administrator of the host cluster, so
// their Secrets need no Roles.
func (w *world) register(ctx context.Context, all []*stubs.Member) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(registering)
	for _, m := range all {
		group.Go(func() error {
			secret := &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: w.ref.MemberObject(m.Name), Labels: w.ref.MemberLabels(m.Name)},
				Data:       map[string][]byte{members.TokenKey: []byte("of-" + m.Name), members.CAKey: m.CA},
			}
			if _, err := w.host.CoreV1().Secrets(w.ref.Namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("register %s: %w", m.Name, err)
			}
			_, err := w.api.Apply(ctx, &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: fedv1beta1.ClusterSpec{
				ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: m.URL}},
				SecretRef:                  &fedv1beta1.SecretReference{Name: secret.Name},
			}})
			if err != nil {
				return fmt.Errorf("register %s: %w", m.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// unregister takes them out again, while no controller manager runs.
func (w *world) unregister(ctx context.Context, all []*stubs.Member) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(registering)
	for _, m := range all {
		group.Go(func() error {
			if err := w.api.Delete(ctx, m.Name); err != nil {
				return fmt.Errorf("unregister %s: %w", m.Name, err)
			}
			return w.host.CoreV1().Secrets(w.ref.Namespace).Delete(ctx, w.ref.MemberObject(m.Name), metav1.DeleteOptions{})
		})
	}
	return group.Wait()
}
