//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// lost is how many objects a federation API forgets: more than the few that are deleted without a question.
const lost = 30

// TestPropagationRestored gives a federation API the data of an earlier day. What was made since runs on in members until somebody says
// that it may go.
func TestPropagationRestored(t *testing.T) {
	isLong(t)
	s := newSandbox(t)
	m := s.member(gondor)
	r := s.realm("quest")
	r.join(s, m)
	namespace := s.namespace + "-restored"
	s.kubectl(r.name, "create", "namespace", namespace)
	r.make(s, namespace, "old", 5)
	r.converges(s, time.Minute, namespace)
	backup := s.home + "/backup"
	s.withoutEtcd(func(data string) error { return run("cp", "-a", data, backup) })
	r.make(s, namespace, "new", lost)
	r.converges(s, time.Minute, namespace)
	s.withoutEtcd(func(data string) error {
		return errors.Join(run("find", data, "-mindepth", "1", "-delete"), run("cp", "-a", backup+"/.", data))
	})

	s.step("what the federation forgot is held, and the rest goes on", func(s *sandbox) {
		s.becomes(2*time.Minute, r.name, gondor, fedv1beta1.ClusterCopiesHeld, "True", fedv1beta1.ReasonSourcesMissing)
		condition := s.becomes(time.Second, r.name, gondor, fedv1beta1.ClusterCopiesHeld, "True", "")
		s.saysAll(condition.Message, fmt.Sprint(lost), fedv1beta1.AnnotationDeleteUnsourced)
		r.make(s, namespace, "later", 3)
		s.eventually(time.Minute, "new objects arrive", func() error { return r.count(s, namespace, map[string]int{"old": 5, "new": lost, "later": 3}) })
		r.kubectl(s, namespace, "delete", "configmap", "later-0", "--timeout=60s")
		time.Sleep(quiet)
		if err := r.count(s, namespace, map[string]int{"old": 5, "new": lost, "later": 2}); err != nil {
			s.Error(err)
		}
	})
	s.step("somebody says that it may go", func(s *sandbox) {
		s.kubectl(r.name, "annotate", "cluster", gondor, fedv1beta1.AnnotationDeleteUnsourced+"=true")
		r.converges(s, time.Minute, namespace)
		s.eventually(30*time.Second, "nothing is held, and the word is taken back", func() error {
			c := s.clusterObject(r.name, gondor)
			if meta.IsStatusConditionTrue(c.Status.Conditions, fedv1beta1.ClusterCopiesHeld) || c.Annotations[fedv1beta1.AnnotationDeleteUnsourced] != "" {
				return fmt.Errorf("annotations are %v, conditions %+v", c.Annotations, c.Status.Conditions)
			}
			return nil
		})
	})
	r.clear(s, namespace)
	r.end(s)
}

// make creates ConfigMaps of a sort.
func (r *realm) make(s *sandbox, namespace, sort string, count int) {
	s.Helper()
	for i := range count {
		o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", sort, i), Labels: map[string]string{"sort": sort}}}
		if _, err := r.api.client.CoreV1().ConfigMaps(namespace).Create(s.Context(), o, metav1.CreateOptions{}); err != nil {
			s.Fatal(err)
		}
	}
}

// count checks how many ConfigMaps of each sort members have.
func (r *realm) count(s *sandbox, namespace string, want map[string]int) error {
	var errs []error
	for _, member := range r.joined() {
		for sort, n := range want {
			list, err := r.member(member).client.CoreV1().ConfigMaps(namespace).List(context.WithoutCancel(s.Context()), metav1.ListOptions{LabelSelector: labels.Set{"sort": sort}.String()})
			if err == nil && len(list.Items) != n {
				err = fmt.Errorf("%s has %d ConfigMaps of the sort %s, want %d", member, len(list.Items), sort, n)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// withoutEtcd does something to the directory with the federation's data while nobody uses it. The API server begins anew afterwards; the
// controller manager does not.
func (s *sandbox) withoutEtcd(do func(data string) error) {
	s.Helper()
	volume := s.host("get", "persistentvolumeclaim", "data-quest-etcd-0", "--output=jsonpath={.spec.volumeName}")
	data := s.kubectl(hostContext, "get", "persistentvolume", volume, "--output=jsonpath={.spec.local.path}")
	if !strings.HasPrefix(data, "/") {
		s.Fatalf("volume %s is not a directory of this machine: %q", volume, data)
	}
	s.host("scale", "deployment/quest-apiserver", "statefulset/quest-etcd", "--replicas=0")
	s.host("delete", "pod", "--selector=app.kubernetes.io/instance=quest,app.kubernetes.io/component in (apiserver,etcd)", "--grace-period=1", "--timeout=60s")
	if err := do(data); err != nil {
		s.Fatal(err)
	}
	s.host("scale", "deployment/quest-apiserver", "statefulset/quest-etcd", "--replicas=1")
	s.eventually(2*time.Minute, "the federation API answers", func() error {
		if r := s.try(10*time.Second, "kubectl", "--context=quest", "get", "--raw=/readyz"); r.code != 0 {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
