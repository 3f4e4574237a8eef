//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// taken keeps tests from each other's member clusters: one joins a cluster at a time, so that it can compare all that is in it.
var taken = map[string]*sync.Mutex{gondor: {}, rohan: {}, arnor: {}, mordor: {}}

// member is a member cluster that the test has for itself.
type member struct {
	*cluster
	s      *sandbox
	before listing
}

// member waits until no other test uses the member cluster. When the test ends, everything in it must be as it was. A test that uses
// several asks for them in the order gondor, rohan, arnor, mordor.
func (s *sandbox) member(kubeContext string) *member {
	s.Helper()
	taken[kubeContext].Lock()
	s.Cleanup(taken[kubeContext].Unlock)
	c, err := connect(bed.kubeconfig, kubeContext)
	if err != nil {
		s.Fatal(err)
	}
	m := &member{cluster: c, s: s}
	m.before = m.list(s)
	s.Cleanup(func() {
		if !s.Failed() {
			m.isAsBefore(s)
		}
		if s.Failed() {
			m.sweep()
		}
	})
	return m
}

func (m *member) list(s *sandbox) listing {
	s.Helper()
	return s.listIn(m.cluster, s.foreign)
}

// isAsBefore checks that what is in the member is what was there before the test.
func (m *member) isAsBefore(s *sandbox) {
	s.Helper()
	s.eventually(time.Minute, "cluster "+m.context+" is as before", func() error { return sameListing(m.before, m.list(s)) })
}

// editCorefile has somebody else change what the cluster's DNS is told.
func (m *member) editCorefile(change func(string) string) {
	m.s.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		ctx, maps := context.WithoutCancel(m.s.Context()), m.client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
		own, err := maps.Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return err
		}
		own.Data["Corefile"] = change(own.Data["Corefile"])
		_, err = maps.Update(ctx, own, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		m.s.Errorf("change the Corefile of %s: %v", m.context, err)
	}
}

// forgetNames takes the test's federations out of a Corefile.
func (m *member) forgetNames(corefile string) string { return withoutBlocks(corefile, m.s.own) }

// sweep removes what a failed test left in the member.
func (m *member) sweep() {
	m.s.sweepIn(m.cluster)
	m.editCorefile(m.forgetNames)
}

// address is the member's API server, as the test bed's kubeconfig has it.
func (m *member) address() string {
	m.s.Helper()
	config, err := clientcmd.LoadFromFile(bed.kubeconfig)
	if err != nil {
		m.s.Fatal(err)
	}
	return config.Clusters[m.context].Server
}

// zone is the flag for a federation with names.
const zone = "--dns-zone-name=example.com."

// federation sets one up, which the members join.
func (s *sandbox) federation(name string, flags ...string) {
	s.Helper()
	s.fedhelm(append([]string{"init", name, "--api-server-service-type=NodePort"}, flags...)...)
	s.ready(name)
}

// proc stops or starts a component of a cluster of the test bed, as a crash would. After a start the cluster is waited for.
func (s *sandbox) proc(what, kubeContext, component string) {
	s.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.Context()), "go", "run", ".", "proc", what, kubeContext, component)
	cmd.Dir = filepath.Join(bed.root, "ci", "testbed")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%s %s of %s: %v\n%s", what, component, kubeContext, err, out)
	}
	if what == "start" {
		s.eventually(time.Minute, kubeContext+" is ready", func() error {
			if r := s.try(10*time.Second, "kubectl", "--context="+kubeContext, "get", "--raw=/readyz"); r.code != 0 {
				return fmt.Errorf("%s", r)
			}
			return nil
		})
	}
}

// api is that of a federation, through the sandbox's kubeconfig.
func (s *sandbox) api(name string) *federation.API {
	s.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: s.kubeconfig}, &clientcmd.ConfigOverrides{CurrentContext: name}).ClientConfig()
	if err != nil {
		s.Fatal(err)
	}
	api, err := federation.NewAPI(config)
	if err != nil {
		s.Fatal(err)
	}
	return api
}

// clusterObject is the Cluster of a member; nil when there is none.
func (s *sandbox) clusterObject(federation, name string) *fedv1beta1.Cluster {
	s.Helper()
	found, err := s.api(federation).Get(context.WithoutCancel(s.Context()), name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// becomes waits until a condition of a member is as wanted: its status, and its reason unless that is "".
func (s *sandbox) becomes(limit time.Duration, federation, name, condition, status, reason string) metav1.Condition {
	s.Helper()
	var got metav1.Condition
	s.eventually(limit, fmt.Sprintf("%s of %s is %s %s", condition, name, status, reason), func() error {
		c := s.clusterObject(federation, name)
		if c == nil {
			return fmt.Errorf("there is no Cluster %s", name)
		}
		found := meta.FindStatusCondition(c.Status.Conditions, condition)
		if found == nil {
			return fmt.Errorf("there is no such condition: %+v", c.Status)
		}
		if got = *found; string(got.Status) != status || reason != "" && got.Reason != reason {
			return fmt.Errorf("it is %s %s: %s", got.Status, got.Reason, got.Message)
		}
		return nil
	})
	return got
}

// joined checks that a member is Ready at the moment.
func (s *sandbox) joined(federation, name string) {
	s.Helper()
	c := s.clusterObject(federation, name)
	if c == nil || !meta.IsStatusConditionTrue(c.Status.Conditions, fedv1beta1.ClusterReady) {
		s.Fatalf("%s is not Ready: %+v", name, c)
	}
}

// parted checks that nothing of a member is left in the host cluster and the federation.
func (s *sandbox) parted(federation, name string) {
	s.Helper()
	if c := s.clusterObject(federation, name); c != nil {
		s.Errorf("there still is Cluster %s: %+v", name, c.Status)
	}
	selector := fedv1beta1.LabelCluster + "=" + name
	if left := s.host("get", "secrets,roles,rolebindings,leases", "--selector="+selector, "--output=name"); left != "" {
		s.Errorf("of member %s there still is: %s", name, strings.ReplaceAll(left, "\n", ", "))
	}
}

// says checks that all parts are in what a program printed.
func (s *sandbox) says(r result, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(r.stdout+r.stderr, part) {
			s.Errorf("it does not say %q\n%s", part, r)
		}
	}
}
