package diagnosis

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

const otherService = "choose --api-server-service-type=NodePort (or ClusterIP), or give the cluster a load balancer controller"

// patience is how long a cloud may take to make a load balancer before it is remarkable.
const patience = 30 * time.Second

// services finds load balancers without an address. It is a cause only when nothing else keeps the release from being ready,
// or when it has lasted.
func (s *snapshot) services(r *Report, now time.Time) {
	for _, svc := range s.serviceList {
		if svc.Spec.Type != corev1.ServiceTypeLoadBalancer || len(svc.Status.LoadBalancer.Ingress) > 0 {
			continue
		}
		object := "service " + svc.Name
		f := Finding{Object: object, WayOut: otherService, rank: noAddress, component: svc.Labels[componentLabel]}
		if e := s.event(svc.UID, "SyncLoadBalancerFailed", "CreatingLoadBalancerFailed", "AllocationFailed"); e != nil {
			f.Reason = "the load balancer cannot be made: " + oneLine(e.Message)
			f.Details = []string{oneLine(e.Message)}
		} else if len(r.Findings)+len(r.Waiting) > 0 && now.Sub(svc.CreationTimestamp.Time) < patience {
			r.wait(object, "the load balancer has no address yet")
			continue
		} else {
			f.Reason = "the load balancer has no address"
		}
		r.add(f)
	}
}
