//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// How members are watched here: with a period, each of which may be a tenth shorter or longer, and the threshold that is the default.
const (
	monitorPeriod    = 4 * time.Second
	failureThreshold = 3
)

// TestMemberOutage loses the API server of a member, and its credentials. What else there is stays as it is.
func TestMemberOutage(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship", fmt.Sprintf("--controllermanager-arg-overrides=--cluster-monitor-period=%s,--cluster-monitor-timeout=2s", monitorPeriod))
	s.member(rohan)
	m := s.member(arnor)
	s.fedhelm("join", rohan)
	s.fedhelm("join", arnor, "--labels=king=none")

	s.step("Ready flips after the threshold, for this member alone", func(s *sandbox) {
		was := s.labelled(arnor)
		s.Cleanup(func() { s.proc("start", arnor, "kube-apiserver") })
		steady := s.watch("fellowship", rohan)
		falling := s.watch("fellowship", arnor)
		begin := time.Now()
		s.proc("stop", arnor, "kube-apiserver")
		got := s.becomes(time.Minute, "fellowship", arnor, fedv1beta1.ClusterReady, "False", fedv1beta1.ReasonClusterNotReachable)
		s.becomes(time.Second, "fellowship", arnor, fedv1beta1.ClusterOffline, "True", fedv1beta1.ReasonClusterNotReachable)
		flipped := falling(s)
		least, most := (failureThreshold-1)*monitorPeriod*9/10, failureThreshold*monitorPeriod*11/10+10*time.Second
		if took := flipped[len(flipped)-1].at.Sub(begin); took < least || took > most {
			s.Errorf("Ready flipped after %s, want between %s and %s: %v", took, least, most, flipped)
		}
		if len(flipped) != 2 || flipped[0].status != metav1.ConditionTrue {
			s.Errorf("Ready of the member was %v, want True and then False", flipped)
		}
		if got.Message == "" || got.LastTransitionTime.Time.Before(begin.Add(-time.Second)) {
			s.Errorf("the condition is %+v", got)
		}
		now := s.clusterObject("fellowship", arnor)
		if now.Status.Region != was.Status.Region || fmt.Sprint(now.Status.Zones, now.Labels, *now.Status.Nodes, now.Status.KubernetesVersion) !=
			fmt.Sprint(was.Status.Zones, was.Labels, *was.Status.Nodes, was.Status.KubernetesVersion) {
			s.Errorf("in the outage the member is %+v with labels %v, want as before %+v with labels %v", now.Status, now.Labels, was.Status, was.Labels)
		}
		r := s.try(time.Minute, "fedhelm", s.here([]string{"check", "fellowship"})...)
		if r.code != 1 {
			s.Errorf("a check of a federation with a dead member ends with %d, want 1\n%s", r.code, r)
		}
		s.says(r, arnor)
		s.says(s.fedhelm("clusters"), fedv1beta1.ReasonClusterNotReachable)
		if seen := steady(s); len(seen) != 1 || seen[0].status != metav1.ConditionTrue {
			s.Errorf("Ready of the other member was %v, want True all the time", seen)
		}
	})
	s.step("the member comes back", func(s *sandbox) {
		s.becomes(time.Minute, "fellowship", arnor, fedv1beta1.ClusterReady, "True", fedv1beta1.ReasonClusterReady)
		s.becomes(time.Second, "fellowship", arnor, fedv1beta1.ClusterOffline, "False", fedv1beta1.ReasonClusterReachable)
	})
	s.step("a credential that the member does not know", func(s *sandbox) {
		s.storeToken("mellon")
		s.becomes(30*time.Second, "fellowship", arnor, fedv1beta1.ClusterReady, "False", fedv1beta1.ReasonCredentialRejected)
		r := s.try(time.Minute, "fedhelm", s.here([]string{"check", "fellowship", arnor})...)
		if r.code != 1 {
			s.Errorf("a check of a member with a bad credential ends with %d, want 1\n%s", r.code, r)
		}
		s.says(r, "fedhelm join "+arnor, "--refresh")
		s.fedhelm("join", arnor, "--refresh")
		s.joined("fellowship", arnor)
	})
	s.step("a token with a short life is renewed without a gap", func(s *sandbox) {
		steady := s.watch("fellowship", arnor)
		short, expires := m.shortToken(s, "fellowship-member")
		version := s.storeToken(short)
		s.eventually(10*time.Second, "the short token is used", func() error { return s.used(version) })
		s.eventually(time.Until(expires), "the Secret holds another token before the short one expires", func() error {
			if string(s.secret("fellowship." + arnor)["token"]) == short {
				return errors.New("it holds the short one")
			}
			return nil
		})
		s.eventually(10*time.Second, "the new token is used", func() error {
			return s.used(s.host("get", "secret", "fellowship."+arnor, "--output=jsonpath={.metadata.resourceVersion}"))
		})
		time.Sleep(time.Until(expires.Add(2 * monitorPeriod)))
		s.becomes(time.Second, "fellowship", arnor, fedv1beta1.ClusterCredentialValid, "True", fedv1beta1.ReasonCredentialValid)
		if seen := steady(s); len(seen) != 1 || seen[0].status != metav1.ConditionTrue {
			s.Errorf("Ready of the member was %v, want True all the time", seen)
		}
	})
	s.fedhelm("unjoin", arnor)
	s.fedhelm("unjoin", rohan)
	s.purge("fellowship")
}

// labelled waits until a member's zone is a label, which is written a moment after the member is Ready.
func (s *sandbox) labelled(name string) *fedv1beta1.Cluster {
	s.Helper()
	var found *fedv1beta1.Cluster
	s.eventually(10*time.Second, name+" is labelled", func() error {
		if found = s.clusterObject("fellowship", name); found.Labels["topology.kubernetes.io/zone"] == "" {
			return fmt.Errorf("its labels are %v", found.Labels)
		}
		return nil
	})
	return found
}

// storeToken has somebody replace arnor's token, and returns the Secret's version.
func (s *sandbox) storeToken(token string) string {
	s.Helper()
	patch := s.write("token.json", fmt.Sprintf(`{"stringData": {"token": %q}}`, token))
	return s.host("patch", "secret", "fellowship."+arnor, "--patch-file="+patch, "--output=jsonpath={.metadata.resourceVersion}")
}

// used tells whether a version of arnor's Secret is the one that the member was last tried with.
func (s *sandbox) used(version string) error {
	s.Helper()
	c := s.clusterObject("fellowship", arnor)
	if c.Status.Credential == nil || c.Status.Credential.SecretVersion != version {
		return fmt.Errorf("version %s: %+v", version, c.Status.Credential)
	}
	return nil
}

// seen is what Ready was, and since when.
type seen struct {
	status metav1.ConditionStatus
	reason string
	at     time.Time
}

// watch takes down how a member's Ready changes, beginning with what it is, until stop, which tells it.
func (s *sandbox) watch(federation, name string) (stop func(*sandbox) []seen) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	w, err := s.api(federation).Watch(ctx, name)
	if err != nil {
		s.Fatal(err)
	}
	done := make(chan []seen, 1)
	go func() {
		var all []seen
		for e := range w.ResultChan() {
			c, ok := e.Object.(*fedv1beta1.Cluster)
			if !ok {
				continue
			}
			ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
			if ready != nil && (len(all) == 0 || all[len(all)-1].status != ready.Status) {
				all = append(all, seen{ready.Status, ready.Reason, time.Now()})
			}
		}
		done <- all
	}()
	return func(s *sandbox) []seen {
		s.Helper()
		select {
		case <-done:
			s.Fatalf("the watch of %s ended by itself", name)
		default:
		}
		cancel()
		all := <-done
		if len(all) == 0 {
			s.Fatalf("nothing was seen of %s", name)
		}
		return all
	}
}
