package cluster

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	clocktesting "k8s.io/utils/clock/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// timed is a fixture whose time passes only when the test says so.
type timed struct {
	*fixture
	clock  *clocktesting.FakeClock
	member *fakeMember
}

func newTimed(t *testing.T) *timed {
	t.Helper()
	w := &timed{clock: clocktesting.NewFakeClock(noon), member: newFakeMember(t)}
	return w
}

func (w *timed) begin(t *testing.T) {
	t.Helper()
	w.fixture = newFixture(t, w.clock, w.member, "gondor")
	t.Cleanup(w.stop)
}

// probed waits until the member was probed so many times in all, and the next probe is waited for.
func (w *timed) probed(want int32) {
	w.tb.Helper()
	eventually.Do(w.tb, 5*time.Second, fmt.Sprintf("probe %d", want), func() error {
		if have := w.member.probes.Load(); have != want || !w.clock.HasWaiters() {
			return fmt.Errorf("there were %d", have)
		}
		return nil
	})
}

// passes lets time pass, at whose end the next probe is due, and not before.
func (w *timed) passes(d time.Duration, probe int32) {
	w.tb.Helper()
	eventually.Do(w.tb, 5*time.Second, "the next probe to be waited for", func() error {
		if !w.clock.HasWaiters() {
			return fmt.Errorf("nothing is waited for")
		}
		return nil
	})
	w.clock.Step(d - time.Millisecond)
	time.Sleep(10 * time.Millisecond)
	if have := w.member.probes.Load(); have != probe-1 {
		w.tb.Errorf("%d probes when %s have nearly passed, want %d", have, d, probe-1)
	}
	w.clock.Step(time.Millisecond)
	w.probed(probe)
}

func TestReadyFlipsAtTheThreshold(t *testing.T) {
	w := newTimed(t)
	w.begin(t)
	c := w.becomes("gondor", "True ClusterReady")
	w.event("ClusterReady")
	if c.Status.UID != "gondor-uid" || c.Status.KubernetesVersion != "v1.36.3" || len(c.Status.Zones) != 1 || c.Status.Region != "west" || *c.Status.Nodes != 1 {
		t.Errorf("status %+v", c.Status)
	}
	eventually.Do(t, 5*time.Second, "labels", func() error {
		_, c := w.reads("gondor")
		want := map[string]string{corev1.LabelTopologyRegion: "west", corev1.LabelTopologyZone: "zone-a", fedv1beta1.LabelZonePrefix + "zone-a": "true"}
		if !maps.Equal(c.Labels, want) {
			return fmt.Errorf("they are %v, %v", c.Labels, c.Status)
		}
		return nil
	})

	w.member.status.Store(http.StatusInternalServerError)
	w.passes(10*time.Second, 2)
	w.passes(10*time.Second, 3)
	if have, _ := w.reads("gondor"); have != "True ClusterReady" {
		t.Errorf("after two failures it is %q", have)
	}
	w.passes(10*time.Second, 4)
	c = w.becomes("gondor", "False ClusterNotReady")
	w.event("ClusterNotReady")
	if ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady); ready.Message != w.member.URL+"/readyz says 500; failing: etcd" {
		t.Errorf("message %q", ready.Message)
	}
	if len(c.Status.Zones) != 1 {
		t.Error("the zones are lost")
	}

	w.member.status.Store(http.StatusOK)
	w.passes(10*time.Second, 5)
	w.becomes("gondor", "True ClusterReady")
	w.event("ClusterReady")

	w.member.status.Store(http.StatusInternalServerError)
	w.passes(10*time.Second, 6)
	w.passes(10*time.Second, 7)
	w.member.status.Store(http.StatusOK)
	w.passes(10*time.Second, 8)
	w.member.status.Store(http.StatusInternalServerError)
	w.passes(10*time.Second, 9)
	w.passes(10*time.Second, 10)
	if have, _ := w.reads("gondor"); have != "True ClusterReady" {
		t.Errorf("after failures that were not in a row it is %q", have)
	}
	if len(w.events.Events) > 0 {
		t.Errorf("event %q although nothing has flipped", <-w.events.Events)
	}
}

func TestMemberThatWasNeverReadyIsAskedSoon(t *testing.T) {
	w := newTimed(t)
	w.member.status.Store(http.StatusUnauthorized)
	w.begin(t)
	w.becomes("gondor", "False CredentialRejected")
	for i, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second} {
		w.passes(pause, int32(i)+2)
	}
	w.member.status.Store(http.StatusOK)
	w.passes(10*time.Second, 9)
	w.becomes("gondor", "True ClusterReady")
}

func TestNothingIsLeftOfAForgottenMember(t *testing.T) {
	w := newTimed(t)
	w.begin(t)
	w.becomes("gondor", "True ClusterReady")
	if families, err := w.metrics.Gather(); err != nil || len(families) != 2 { // a token that says nothing has no end
		t.Errorf("%d metrics, %v, want two", len(families), err)
	}
	w.registry.Forget("gondor")
	eventually.Do(t, 5*time.Second, "the metrics to vanish", func() error {
		families, err := w.metrics.Gather()
		if err == nil && len(families) > 0 {
			err = fmt.Errorf("there is %s", families[0].GetName())
		}
		return err
	})
}
