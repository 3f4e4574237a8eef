package join

import (
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fedhelm/fedhelm/pkg/setup"
)

// setManager has so many pods of the controller manager be ready, of so many that there shall be.
func (m *meeting) setManager(ready, wanted int32) {
	of := appsv1.SchemeGroupVersion.WithResource("deployments")
	o, err := m.host.Tracker().Get(of, m.ref.Namespace, m.ref.ControllerManager())
	m.must(err)
	d := o.(*appsv1.Deployment).DeepCopy()
	d.Spec.Replicas, d.Status.ReadyReplicas = &wanted, ready
	m.must(m.host.Tracker().Update(of, d, m.ref.Namespace))
}

func TestAControllerManagerThatIsComingUpIsWaitedFor(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	m.setManager(0, 1)
	time.AfterFunc(1500*time.Millisecond, func() { m.setManager(1, 1) })
	if joined, err := m.join(m.options()); err != nil || joined.Outcome != Created {
		t.Errorf("Join = %+v, %v", joined, err)
	}
	if !strings.Contains(m.out.String(), `the controller manager of federation "fellowship" to be ready`) {
		t.Errorf("nothing says what was waited for:\n%s", m.out.String())
	}
}

func TestAControllerManagerThatDoesNotComeUpIsToldOf(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]int32{"one that is not ready is given time": 1, "one that shall not run is not": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			m.setManager(0, wanted)
			o := m.options()
			o.Timeout = 10 * time.Second
			began := time.Now()
			_, err := m.join(o)
			if !errors.Is(err, setup.ErrRefused) || !strings.Contains(err.Error(), "is not ready") {
				t.Errorf("Join: %v", err)
			}
			if waited := time.Since(began) > o.Timeout/2-managerPause; waited != (wanted > 0) {
				t.Errorf("it was waited for: %v", waited)
			}
		})
	}
}
