package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/utils/ptr"
)

// leaderLease is what the controller manager holds in the federation API while it works.
const leaderLease = "federation-controller-manager"

// clocksMayDiffer by as much without anybody being told.
const clocksMayDiffer = 30 * time.Second

func (t *Target) apiChecks() []Check {
	return under(CategoryAPI,
		Check{Name: "api-ready", Run: t.apiReady},
		Check{Name: "api-clusters", Needs: []string{"api-ready"}, Run: t.apiClusters},
		Check{Name: "api-admission", Needs: []string{"api-ready"}, Run: t.apiAdmission},
		Check{Name: "dns-zones", Needs: []string{"api-clusters"}, Run: t.dnsZones},
		Check{Name: "controller-manager", Needs: []string{"api-ready"}, Run: func(ctx context.Context) Outcome {
			lease, err := t.API.Client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(ctx, leaderLease, metav1.GetOptions{})
			return t.leads(lease, err, time.Now())
		}},
	)
}

func (t *Target) apiReady(ctx context.Context) Outcome {
	if t.Unusable != nil {
		return failure(t.upgrade(), "%v", t.Unusable)
	}
	answer, err := t.API.Prober.Get(ctx, "/readyz?verbose")
	if err != nil {
		return t.apiUnreachable(ctx, err)
	}
	switch answer.Status {
	case http.StatusOK:
		return ok("it answers at %s and is ready", t.API.URL)
	case http.StatusUnauthorized, http.StatusForbidden:
		return failure(t.upgrade(),
			"%s does not accept the credentials that the federation published in Secret %q", t.API.URL, t.KubeconfigSecret())
	default:
		return failure(t.status(), "%s answers, and is not ready: %s", t.API.URL, unready(answer))
	}
}

// apiUnreachable weighs that a Service of type ClusterIP need not lead here.
func (t *Target) apiUnreachable(ctx context.Context, err error) Outcome {
	service, getErr := t.Host.Client.CoreV1().Services(t.Namespace).Get(ctx, t.APIServer(), metav1.GetOptions{})
	if getErr == nil && service.Spec.Type == corev1.ServiceTypeClusterIP {
		return Outcome{
			Level: Skipped,
			Text:  fmt.Sprintf("%s cannot be reached from this machine (%s), as is to be expected of a Service of type ClusterIP", t.API.URL, brief(err)),
			Mend:  "run fedhelm check where Services of the host cluster can be reached",
		}
	}
	return failure(fmt.Sprintf("%s get service %s; %s", t.kubectl(), t.APIServer(), t.status()),
		"the federation API at %s cannot be reached from this machine: %s", t.API.URL, brief(err))
}

// brief leaves out the request that an error of net/http repeats.
func brief(err error) string {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}

// unready names the checks that an API server itself says have failed.
func unready(answer Answer) string {
	var bad []string
	for line := range strings.Lines(answer.Body) {
		if what, is := strings.CutPrefix(line, "[-]"); is {
			what, _, _ = strings.Cut(what, " ")
			bad = append(bad, strings.TrimSpace(what))
		}
	}
	if len(bad) == 0 {
		return fmt.Sprintf("HTTP status %d", answer.Status)
	}
	return strings.Join(bad, ", ") + " failed"
}

func (t *Target) apiClusters(ctx context.Context) Outcome {
	list, err := t.Clusters.List(ctx)
	if apierrors.IsNotFound(err) {
		return failure(fmt.Sprintf("%s logs deployment/%s --container=bootstrap", t.kubectl(), t.ControllerManager()),
			"it does not serve clusters.federation.fedhelm.io, which container bootstrap of the controller manager defines within a minute")
	}
	if err != nil {
		return unseen(err, "list the Clusters")
	}
	return ok("it serves clusters.federation.fedhelm.io, and has %d", len(list.Items))
}

// leads judges whether a controller manager is at work by the lease that it renews every few seconds.
func (t *Target) leads(lease *coordinationv1.Lease, err error, now time.Time) Outcome {
	mend := t.managerLog()
	switch {
	case apierrors.IsNotFound(err):
		return failure(mend, "no controller manager has ever led: there is no Lease %q in kube-system", leaderLease)
	case err != nil:
		return unseen(err, "read Lease %q in kube-system", leaderLease)
	}
	if ptr.Deref(lease.Spec.HolderIdentity, "") == "" || lease.Spec.RenewTime == nil {
		return failure(mend, "no controller manager leads: the last one gave Lease %q up", leaderLease)
	}
	holder, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_") // pod's name, then a random id
	since := max(now.Sub(lease.Spec.RenewTime.Time), 0)
	lasts := time.Duration(ptr.Deref(lease.Spec.LeaseDurationSeconds, 15)) * time.Second
	if since > 2*lasts+clocksMayDiffer {
		return failure(mend, "no controller manager leads: %s renewed its Lease last %s ago", holder, duration.HumanDuration(since))
	}
	return ok("%s leads, it renewed its Lease %s ago", holder, duration.HumanDuration(since))
}
