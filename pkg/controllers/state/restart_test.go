package state_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// saying is a copy with a status, all in order.
func saying(member, status string) state.Part {
	p := synced(member)
	p.Copy.Status = []byte(status)
	return p
}

func TestARestartRewritesNothingOfMembersThatDoNotAnswerYet(t *testing.T) {
	const (
		addressOf = `{"loadBalancer":{"ingress":[{"ip":"192.0.2.`
		nodes     = `{"observedGeneration":1,"currentNumberScheduled":2,"desiredNumberScheduled":2,"numberReady":2,"updatedNumberScheduled":2,"numberAvailable":2}`
		pods      = `{"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2}`
		scales    = `{"observedGeneration":1,"currentReplicas":2,"desiredReplicas":2,"lastScaleTime":"2026-01-01T0`
		busy      = `:00:00Z","currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":`
	)
	tests := []struct {
		kind          kinds.ID
		spec          string
		share         shape.Share
		gondor, rohan state.Part
	}{
		{
			kind: "deployments.apps", spec: `{"replicas":5}`, share: shape.Share{Replicas: new(int32(5))},
			gondor: running("gondor", 3, 3), rohan: running("rohan", 2, 2),
		},
		{kind: "services", spec: `{"type":"LoadBalancer"}`, gondor: saying("gondor", addressOf+`1"}]}}`), rohan: saying("rohan", addressOf+`2"}]}}`)},
		{kind: "ingresses.networking.k8s.io", spec: `{}`, gondor: saying("gondor", addressOf+`1"}]}}`), rohan: saying("rohan", addressOf+`2"}]}}`)},
		{kind: "daemonsets.apps", spec: `{}`, gondor: saying("gondor", nodes), rohan: saying("rohan", nodes)},
		{kind: "poddisruptionbudgets.policy", spec: `{}`, gondor: saying("gondor", pods), rohan: saying("rohan", pods)},
		{
			kind: "cronjobs.batch", spec: `{}`,
			gondor: saying("gondor", `{"lastScheduleTime":"2026-01-01T03:00:00Z"}`), rohan: saying("rohan", `{"lastScheduleTime":"2026-01-01T04:00:00Z"}`),
		},
		{
			kind: "horizontalpodautoscalers.autoscaling", spec: `{"maxReplicas":8}`, share: shape.Share{MaxReplicas: new(int32(8))},
			gondor: saying("gondor", scales+"1"+busy+`50}}}]}`), rohan: saying("rohan", scales+"2"+busy+`90}}}]}`),
		},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			inBubble(t, func(w *world) {
				kind := kindOf(tt.kind)
				key := w.put(kind, "web", `,"spec":`+tt.spec)
				w.know(kind, key, state.Snapshot{Share: tt.share, Parts: []state.Part{tt.gondor, tt.rohan}})
				after(2 * time.Second)
				if n := w.writes(); n == 0 {
					w.Error("nothing was written of what there is")
				}
				asleep := unseen("rohan")
				asleep.Wanted = tt.rohan.Wanted
				w.know(kind, key, state.Snapshot{Share: tt.share, Parts: []state.Part{tt.gondor, asleep}})
				after(time.Minute)
				if n := w.writes(); n != 0 {
					text, members := w.annotations(kind, key)
					o, _ := w.api.Get(kind, key.Namespace, key.Name)
					w.Errorf("%d writes: %q, %q, %s", n, text, members, o.Status)
				}
			})
		})
	}
}

func TestAnAddressGoesWhenItsMemberIsSeenToHaveNone(t *testing.T) {
	inBubble(t, func(w *world) {
		services := kindOf("services")
		key := w.put(services, "web", `,"spec":{"type":"LoadBalancer"}`)
		gondor := saying("gondor", `{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}`)
		addresses := func(rohan state.Part) int {
			w.know(services, key, state.Snapshot{Parts: []state.Part{gondor, rohan}})
			after(time.Minute)
			return len(status[corev1.ServiceStatus](w, services, key).LoadBalancer.Ingress)
		}
		if n := addresses(saying("rohan", `{"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}}`)); n != 2 {
			w.Errorf("of two members there are %d addresses", n)
		}
		if n := addresses(unseen("rohan")); n != 2 {
			w.Errorf("when one cannot be seen, there are %d", n)
		}
		if n := addresses(saying("rohan", `{"loadBalancer":{}}`)); n != 1 {
			w.Errorf("when it is seen to have none, there are %d", n)
		}
	})
}

// What a cluster lacks that was never Ready is no reason to tell nothing of the others.
func TestAClusterThatWasNeverReadyKeepsNoNumbersAsTheyWere(t *testing.T) {
	inBubble(t, func(w *world) {
		daemonSets := kindOf("daemonsets.apps")
		key := w.put(daemonSets, "logs", `,"spec":{}`)
		w.know(daemonSets, key, state.Snapshot{Parts: []state.Part{saying("gondor", `{"observedGeneration":1,"numberReady":2}`)}})
		after(2 * time.Second)
		joining := unseen("mordor")
		joining.Unproven = true
		w.know(daemonSets, key, state.Snapshot{Parts: []state.Part{saying("gondor", `{"observedGeneration":1,"numberReady":1}`), joining}})
		after(time.Minute)
		if got := status[appsv1.DaemonSetStatus](w, daemonSets, key); got.NumberReady != 1 {
			w.Errorf("the status is %+v", got)
		}
		if text, _ := w.annotations(daemonSets, key); text != "synced 1/2; mordor: Unreachable" {
			w.Errorf("it says %q", text)
		}
	})
}
