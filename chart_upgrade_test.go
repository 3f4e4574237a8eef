package fedhelm_test

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// host is a host cluster with nothing but the workloads that a test gives it.
type host struct{ client dynamic.Interface }

// GetClientFor implements engine.ClientProvider.
func (h host) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, false, err
	}
	return h.client.Resource(gv.WithResource(strings.ToLower(kind) + "s")), true, nil
}

// upgrade renders the control plane with new values where it runs with old ones.
func upgrade(t *testing.T, before, after map[string]any) error {
	t.Helper()
	return upgradeOf(t, controlPlane, before, after)
}

// upgradeOf is upgrade of any chart.
func upgradeOf(t *testing.T, dir string, before, after map[string]any) error {
	t.Helper()
	var running []runtime.Object
	for _, d := range render(t, dir, before) {
		if d.kind == "StatefulSet" {
			running = append(running, given(t, &d.object))
		}
	}
	return renderOn(t, dir, host{fake.NewSimpleDynamicClient(runtime.NewScheme(), running...)}, after)
}

// given is a StatefulSet as an API server gives it back, which writes quantities in its own way.
func given(t *testing.T, put *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	var typed appsv1.StatefulSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(put.Object, &typed); err != nil {
		t.Fatal(err)
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&typed)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: object}
}

func renderOn(t *testing.T, dir string, h host, values map[string]any) error {
	t.Helper()
	c := load(t, dir)
	all, err := chartutil.ToRenderValues(c, values, chartutil.ReleaseOptions{
		Name: "fellowship", Namespace: "federation-system", Revision: 2, IsUpgrade: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.RenderWithClientProvider(c, all, h)
	return err
}

func TestUpgradeRefusesWhatEtcdCannotFollow(t *testing.T) {
	tests := []struct{ name, before, after, want string }{
		{"the same values", `{etcd: {replicas: 3}}`, `{etcd: {replicas: 3}}`, ""},
		{"other values, the same etcd", `{}`, `{apiServer: {replicas: 2}}`, ""},
		{"more members", `{}`, `{etcd: {replicas: 3}}`, "set etcd.replicas back to 1"},
		{"fewer members", `{etcd: {replicas: 3}}`, `{}`, "set etcd.replicas back to 3"},
		{"a bigger volume", `{}`, `{etcd: {persistence: {size: 20Gi}}}`, "enlarge the PersistentVolumeClaims data-fellowship-etcd-"},
		{"another storage class", `{etcd: {persistence: {storageClass: slow}}}`, `{etcd: {persistence: {storageClass: fast}}}`, `from "slow" to "fast"`},
		{"volumes left behind", `{}`, `{etcd: {persistence: {enabled: false}}}`, "set etcd.persistence.enabled to true"},
		{"volumes left for a claim", `{}`, `{etcd: {persistence: {existingClaim: a}}}`, `etcd.persistence.existingClaim to ""`},
		{"volumes for an etcd without", `{etcd: {persistence: {enabled: false}}}`, `{}`, "leave etcd.persistence as it was"},
		{"nothing is running yet", `{etcd: {external: {servers: ["http://a"]}}}`, `{etcd: {replicas: 3}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, upgrade(t, parseValues(t, tt.before), parseValues(t, tt.after)), tt.want)
		})
	}
}

// API servers give sizes back in the largest unit that they are whole numbers of.
func TestUpgradeTakesSizesForWhatTheyAre(t *testing.T) {
	tests := []struct{ name, before, after, want string }{
		{"the same in a smaller unit", "1024Mi", "1024Mi", ""},
		{"the same with a fraction", "0.5Gi", "0.5Gi", ""},
		{"the same with a fraction of a byte", "1.1Gi", "1.1Gi", ""},
		{"the same in powers of ten", "1000M", "1000M", ""},
		{"the same without a unit", "1073741824", "1Gi", ""},
		{"another number of the unit", "2000Mi", "2048Mi", "persistence.size cannot be changed from 2000Mi to 2048Mi"},
		{"another unit", "10G", "10Gi", "persistence.size cannot be changed from 10G to 10Gi"},
	}
	const served = `global: {dns: {provider: coredns, zone: a.}}`
	for _, tt := range tests {
		for dir, others := range map[string]string{controlPlane: `global: {}`, dnsServer: served} {
			t.Run(tt.name+"/"+dir, func(t *testing.T) {
				of := func(size string) map[string]any {
					return parseValues(t, `{`+others+`, etcd: {persistence: {size: "`+size+`"}}}`)
				}
				wantRefusal(t, upgradeOf(t, dir, of(tt.before), of(tt.after)), tt.want)
			})
		}
	}
}

// wantRefusal wants an error that says something, or none at all.
func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Error("not refused")
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("the error does not say %q:\n%v", want, err)
	}
}

// Somebody may have stopped etcd for a while: that is no number of members.
func TestUpgradeOfAnEtcdScaledToZeroIsNotRefused(t *testing.T) {
	stopped := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet",
		"metadata": map[string]any{"name": "fellowship-etcd", "namespace": "federation-system"},
		"spec":     map[string]any{"replicas": int64(0)},
	}}
	h := host{fake.NewSimpleDynamicClient(runtime.NewScheme(), stopped)}
	if err := renderOn(t, controlPlane, h, parseValues(t, `{etcd: {persistence: {enabled: false}}}`)); err != nil {
		t.Error(err)
	}
}

func TestUpgradeRefusesToLeaveTheStore(t *testing.T) {
	const (
		own       = `{}`
		external  = `{etcd: {external: {servers: ["https://a:2379", "https://b:2379"]}}}`
		ownURL    = "https://fellowship-etcd-0.fellowship-etcd.federation-system.svc:2379"
		ownData   = ownURL + "/registry"
		theirData = "https://a:2379/fedhelm/federation-system/fellowship"
	)
	up := map[string]any{"availableReplicas": int64(1)}
	down := map[string]any{"conditions": []any{map[string]any{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}}}
	never := map[string]any{"conditions": []any{map[string]any{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}}}
	tests := []struct {
		name, before, after string
		status              map[string]any
		want                string
	}{
		{"the same etcd of the user's", external, external, up, ""},
		{"the same, with another member", external, `{etcd: {external: {servers: ["https://c:2379", "https://b:2379"]}}}`, up, ""},
		{"from the user's to one of the chart's", external, own, up, `set etcd.external back to what it was. If they have been copied there, or are to be left behind, set etcd.movedFrom to "` + theirData + `"`},
		{"from the user's to another of the user's", external, `{etcd: {external: {servers: ["https://c:2379"]}}}`, up, `set etcd.movedFrom to "` + theirData + `"`},
		{"to another prefix", external, `{etcd: {external: {servers: ["https://a:2379"], prefix: /elsewhere}}}`, up, "prefix /elsewhere"},
		{"from the chart's to the user's", own, external, up, `set etcd.movedFrom to "` + ownData + `"`},
		{"by an argument", own, `{apiServer: {extraArgs: {etcd-prefix: /elsewhere}}}`, up, "prefix /elsewhere"},
		{"while the API server is down", external, own, down, "etcd.movedFrom"},
		{"of an API server that never came up", external, own, never, ""},
		{"and it is meant", external, `{etcd: {movedFrom: "` + theirData + `"}}`, up, ""},
		{"and it is meant, the other way", own, `{etcd: {movedFrom: "` + ownData + `", external: {servers: ["https://a:2379"]}}}`, up, ""},
		{"and another one was meant", own, `{etcd: {movedFrom: "` + theirData + `", external: {servers: ["https://a:2379"]}}}`, up, `set etcd.movedFrom to "` + ownData + `"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := host{fake.NewSimpleDynamicClient(runtime.NewScheme())}
			for _, d := range render(t, controlPlane, parseValues(t, tt.before)) {
				if d.id() == "Deployment fellowship-apiserver" {
					d.object.Object["status"] = tt.status
					h = host{fake.NewSimpleDynamicClient(runtime.NewScheme(), &d.object)}
				}
			}
			wantRefusal(t, renderOn(t, controlPlane, h, parseValues(t, tt.after)), tt.want)
		})
	}
}
