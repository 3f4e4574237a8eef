//go:build integration

package admission_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// objects are of every kind, federated and not. Templates of pods are put in for "template: {}".
const objects = `
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
{apiVersion: v1, kind: Namespace, metadata: {generateName: shop-}}
{apiVersion: v1, kind: Namespace, metadata: {name: kubeshop}}
{apiVersion: v1, kind: Namespace, metadata: {name: kube-shop}}
{apiVersion: v1, kind: Namespace, metadata: {generateName: kube-}}
{apiVersion: v1, kind: Namespace, metadata: {generateName: default}}
{apiVersion: v1, kind: Namespace, metadata: {name: private, annotations: {federation.fedhelm.io/federate: "false"}}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: full, finalizers: [example.com/mine], annotations: {a: b}}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: finalized, finalizers: [federation.fedhelm.io/propagation]}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: private, annotations: {federation.fedhelm.io/federate: "false"}}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: almost-private, annotations: {federation.fedhelm.io/federate: "no"}}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: labelled, labels: {federation.fedhelm.io/federate: "false"}}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt}}
{apiVersion: v1, kind: ConfigMap, metadata: {generateName: kube-root-ca.crt}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: kube-public}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: kube-shop}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: kubeshop}}
{apiVersion: v1, kind: Secret, metadata: {name: untyped}}
{apiVersion: v1, kind: Secret, metadata: {name: kube-root-ca.crt}, type: Opaque}
{apiVersion: v1, kind: Secret, metadata: {name: join}, type: bootstrap.kubernetes.io/token}
{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.shop.v1}, type: helm.sh/release.v1}
{apiVersion: v1, kind: Secret, metadata: {name: token, annotations: {kubernetes.io/service-account.name: default}}, type: kubernetes.io/service-account-token}
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: shop}, spec: {ports: [{port: 80}]}}
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: controlled, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: owned, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u}]}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: rollout, ownerReferences: [{apiVersion: argoproj.io/v1, kind: Rollout, name: web, uid: u, controller: true}]}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web, selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web}, spec: {selector: {matchLabels: {a: b}}, template: {}}}
{apiVersion: batch/v1, kind: Job, metadata: {name: sum}, spec: {template: {}}}
{apiVersion: batch/v1, kind: Job, metadata: {name: nightly-1, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: u, controller: true}]}, spec: {template: {}}}
{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {schedule: "0 0 * * *", jobTemplate: {spec: {template: {}}}}}
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web}, spec: {podSelector: {}}}
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {maxUnavailable: 1}}
`

const podTemplate = `template: {metadata: {labels: {a: b}}, spec: {restartPolicy: POLICY, containers: [{name: c, image: i}]}}`

// testFederated compares the policy with kinds.Federated, for each object when it is made, and when it is changed.
func testFederated(t *testing.T, f *federation) {
	t.Helper()
	seen := map[bool]int{}
	of := map[string]bool{}
	for _, manifest := range strings.Split(strings.TrimSpace(objects), "\n") {
		policy := "Always"
		if strings.Contains(manifest, "batch/v1") && !strings.Contains(manifest, "kind: ReplicaSet") {
			policy = "Never"
		}
		o := object(t, strings.ReplaceAll(manifest, "template: {}", strings.ReplaceAll(podTemplate, "POLICY", policy)))
		t.Run(o.GetKind()+" "+o.GetNamespace()+" "+o.GetName()+o.GetGenerateName(), func(t *testing.T) {
			made := f.create(t, o)
			of[o.GetKind()] = true
			want := 0
			if kinds.Federated(kindOf(t, made), made) {
				want = 1
			}
			seen[want == 1]++
			if got := times(made); got != want {
				t.Errorf("created with the finalizer %d times, want %d: %v", got, want, made.GetFinalizers())
			}
			if got := f.patch(t, made, metadata(map[string]any{"labels": map[string]any{"changed": "yes"}})); times(got) != want {
				t.Errorf("changed, it has the finalizers %v", got.GetFinalizers())
			}
			if made.GetGeneration() > 1 {
				t.Errorf("the finalizer took a write: generation %d", made.GetGeneration())
			}
		})
	}
	if len(of) != len(kinds.Default()) || seen[true] < 20 || seen[false] < 10 {
		t.Errorf("compared %v objects of %d kinds", seen, len(of))
	}
	t.Run("what the control plane made", func(t *testing.T) {
		for _, manifest := range []string{
			`{apiVersion: v1, kind: Namespace, metadata: {name: default}}`,
			`{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}`,
			`{apiVersion: v1, kind: Service, metadata: {name: kubernetes}}`,
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: extension-apiserver-authentication, namespace: kube-system}}`,
		} {
			got := f.patch(t, object(t, manifest), metadata(map[string]any{"labels": map[string]any{"changed": "yes"}}))
			if len(got.GetFinalizers()) > 0 {
				t.Errorf("%s has finalizers %v", manifest, got.GetFinalizers())
			}
		}
	})
}

func kindOf(t *testing.T, o *unstructured.Unstructured) kinds.Kind {
	t.Helper()
	all := append(kinds.Default(), kinds.Definitions())
	i := slices.IndexFunc(all, func(k kinds.Kind) bool { return k.GroupVersionKind() == o.GroupVersionKind() })
	if i < 0 {
		t.Fatalf("no kind for a %s", o.GroupVersionKind())
	}
	return all[i]
}

// testWaysToCreate makes objects as clients do it.
func testWaysToCreate(t *testing.T, f *federation) {
	t.Helper()
	settings := func(name string) *unstructured.Unstructured {
		o := object(t, `{apiVersion: v1, kind: ConfigMap, data: {a: b}}`)
		o.SetName(name)
		return o
	}
	apply := func(o *unstructured.Unstructured) *unstructured.Unstructured {
		t.Helper()
		made, err := f.in(t, o).Apply(t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "kubectl", Force: true})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	t.Run("a server-side apply", func(t *testing.T) {
		made := apply(settings("applied"))
		if times(made) != 1 {
			t.Errorf("finalizers %v", made.GetFinalizers())
		}
		again := apply(settings("applied"))
		if times(again) != 1 || again.GetResourceVersion() != made.GetResourceVersion() {
			t.Errorf("applied again, it has the finalizers %v and version %s after %s", again.GetFinalizers(), again.GetResourceVersion(), made.GetResourceVersion())
		}
		changed := settings("applied")
		changed.Object["data"] = map[string]any{"a": "c"}
		if got := apply(changed); times(got) != 1 {
			t.Errorf("changed, it has the finalizers %v", got.GetFinalizers())
		}
	})
	t.Run("a server-side apply into a namespace of the control plane", func(t *testing.T) {
		o := settings("applied")
		o.SetNamespace("kube-public")
		if made := apply(o); times(made) != 0 {
			t.Errorf("finalizers %v", made.GetFinalizers())
		}
	})
	t.Run("a server-side apply that lists finalizers of its own", func(t *testing.T) {
		o := settings("applied-finalizers")
		o.SetFinalizers([]string{"example.com/mine"})
		first := apply(o)
		if made := apply(o); times(made) != 1 || len(made.GetFinalizers()) != 2 || made.GetResourceVersion() != first.GetResourceVersion() {
			t.Errorf("finalizers %v", made.GetFinalizers())
		}
	})
	t.Run("a body that says it is being deleted", func(t *testing.T) {
		o := settings("deleted-before")
		now := metav1.Now()
		o.SetDeletionTimestamp(&now)
		if made := f.create(t, o); times(made) != 1 || made.GetDeletionTimestamp() != nil {
			t.Errorf("made as %v", made)
		}
	})
	t.Run("a body without a namespace", func(t *testing.T) {
		made, err := f.in(t, object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {namespace: kube-public}}`)).Create(t.Context(), settings("nowhere"), metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if times(made) != 0 {
			t.Errorf("finalizers %v", made.GetFinalizers())
		}
	})
}
