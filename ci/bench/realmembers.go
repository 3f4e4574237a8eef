package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// copySelector matches what the federation has put into a member.
const copySelector = fedv1beta1.LabelPropagatedBy + "=" + federationName

// realMember is a cluster of the test bed that has joined.
type realMember struct {
	name  string
	as    *rest.Config         // with the federation's credential, for the floor: the member treats both alike
	admin kubernetes.Interface // for what the federation may not do
}

// joinAll makes clusters members.
func (w *world) joinAll(ctx context.Context, names []string) ([]realMember, error) {
	all := make([]realMember, 0, len(names))
	for _, name := range names {
		if _, err := w.call(ctx, "join", name); err != nil {
			return all, err
		}
		cluster, err := w.api.Get(ctx, name)
		if err != nil {
			return all, err
		}
		secret, err := w.host.CoreV1().Secrets(w.ref.Namespace).Get(ctx, cluster.Spec.SecretRef.Name, metav1.GetOptions{})
		if err != nil {
			return all, err
		}
		m := realMember{name: name, as: &rest.Config{
			Host: cluster.Spec.ServerAddressByClientCIDRs[0].ServerAddress, BearerToken: string(secret.Data["token"]), QPS: -1,
			TLSClientConfig: rest.TLSClientConfig{CAData: secret.Data["ca.crt"], ServerName: string(secret.Data["tls-server-name"])},
		}}
		config, err := w.config(name)
		if err != nil {
			return all, err
		}
		if m.admin, err = kubernetes.NewForConfig(config); err != nil {
			return all, err
		}
		all = append(all, m)
	}
	return all, nil
}

// leaveAll takes the federation out of members, and what it left there.
func (w *world) leaveAll(ctx context.Context, all []realMember) error {
	ctx = context.WithoutCancel(ctx)
	errs := make([]error, 0, len(all)+1)
	for _, m := range all {
		_, err := w.call(ctx, "unjoin", m.name, "--force")
		errs = append(errs, err)
	}
	return errors.Join(append(errs, clearAll(ctx, all, workloadPrefix))...)
}

// workloadPrefix begins the names of all namespaces of a benchmark's objects.
const workloadPrefix = "bench-"

// clearLimit is how long namespaces may take to go.
const clearLimit = 10 * time.Minute

// clear deletes namespaces with all that is in them, and returns when they have gone.
func (m realMember) clear(ctx context.Context, prefix string) error {
	ctx, cancel := context.WithTimeout(ctx, clearLimit)
	defer cancel()
	asked := map[string]bool{}
	for {
		all, err := m.admin.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("clear %s: %w", m.name, err)
		}
		left := 0
		for i := range all.Items {
			name := all.Items[i].Name
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			left++
			if asked[name] {
				continue
			}
			if err := m.admin.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				return fmt.Errorf("clear %s: %w", m.name, err)
			}
			asked[name] = true
		}
		if left == 0 {
			return nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return fmt.Errorf("clear %s: %d namespaces are left: %w", m.name, left, err)
		}
	}
}

// clearAll does so in all members at once.
func clearAll(ctx context.Context, all []realMember, prefix string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range all {
		group.Go(func() error { return m.clear(ctx, prefix) })
	}
	return group.Wait()
}

func configs(all []realMember) []*rest.Config {
	as := make([]*rest.Config, len(all))
	for i, m := range all {
		as[i] = m.as
	}
	return as
}

// workloadKinds are those of the objects of a set.
func workloadKinds() []kinds.Kind {
	var some []kinds.Kind
	for _, k := range kinds.Default() {
		if workload.Has(k) {
			some = append(some, k)
		}
	}
	return some
}
