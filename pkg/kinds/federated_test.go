package kinds_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func TestFederated(t *testing.T) {
	tests := []struct {
		name   string
		kind   kinds.ID
		object string
		want   bool
	}{
		{"a namespace of the user's", "namespaces", `metadata: {name: shop}`, true},
		{"not the namespace default, which every member has", "namespaces", `metadata: {name: default}`, false},
		{"not the control plane's own namespaces", "namespaces", `metadata: {name: kube-system}`, false},
		{"a namespace that only begins like those of the control plane", "namespaces", `metadata: {name: kubeshop}`, true},

		{"what is in namespace default", "configmaps", `metadata: {namespace: default, name: settings}`, true},
		{"not what is in the control plane's namespaces", "configmaps", `metadata: {namespace: kube-public, name: settings}`, false},
		{"not the CA that every namespace gets", "configmaps", `metadata: {namespace: shop, name: kube-root-ca.crt}`, false},
		{"another kind of the CA's name", "secrets", `{metadata: {namespace: shop, name: kube-root-ca.crt}, type: Opaque}`, true},

		{"not the control plane's own Service", "services", `metadata: {namespace: default, name: kubernetes}`, false},
		{"a Service called kubernetes elsewhere", "services", `metadata: {namespace: shop, name: kubernetes}`, true},
		{"another Service in default", "services", `metadata: {namespace: default, name: web}`, true},

		{"a ServiceAccount of the user's", "serviceaccounts", `metadata: {namespace: shop, name: web}`, true},
		{"not the ServiceAccount that every namespace gets", "serviceaccounts", `metadata: {namespace: shop, name: default}`, false},

		{"a Secret", "secrets", `{metadata: {namespace: shop, name: key}, type: kubernetes.io/tls}`, true},
		{"a Secret that does not say its type", "secrets", `metadata: {namespace: shop, name: key}`, true},
		{"not a token of this cluster's ServiceAccounts", "secrets", `{metadata: {namespace: shop, name: key}, type: kubernetes.io/service-account-token}`, false},
		{"not a token that lets nodes in", "secrets", `{metadata: {namespace: shop, name: key}, type: bootstrap.kubernetes.io/token}`, false},
		{"not what Helm remembers of a release", "secrets", `{metadata: {namespace: shop, name: sh.helm.release.v1.shop.v1}, type: helm.sh/release.v1}`, false},

		{"a ReplicaSet of the user's", "replicasets.apps", `metadata: {namespace: shop, name: web}`, true},
		{"not that of a Deployment, which members make", "replicasets.apps",
			`metadata: {namespace: shop, name: web-1, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]}`, false},
		{"a ReplicaSet that a Deployment owns but does not control", "replicasets.apps",
			`metadata: {namespace: shop, name: web-1, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u}]}`, true},
		{"a ReplicaSet that something else controls", "replicasets.apps",
			`metadata: {namespace: shop, name: web-1, ownerReferences: [{apiVersion: argoproj.io/v1, kind: Rollout, name: web, uid: u, controller: true}]}`, true},

		{"a Job of the user's", "jobs.batch", `metadata: {namespace: shop, name: sum}`, true},
		{"not that of a CronJob, which members make", "jobs.batch",
			`metadata: {namespace: shop, name: sum-1, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: sum, uid: u, controller: true}]}`, false},

		{"not what the user keeps out", "deployments.apps", `metadata: {namespace: shop, name: web, annotations: {federation.fedhelm.io/federate: "false"}}`, false},
		{"any other value keeps nothing out", "deployments.apps", `metadata: {namespace: shop, name: web, annotations: {federation.fedhelm.io/federate: "no"}}`, true},
		{"a label keeps nothing out", "deployments.apps", `metadata: {namespace: shop, name: web, labels: {federation.fedhelm.io/federate: "false"}}`, true},

		{"not a definition that is not marked", kinds.CRD, `metadata: {name: rings.middle.earth}`, false},
		{"a definition marked by annotation", kinds.CRD, `metadata: {name: rings.middle.earth, annotations: {federation.fedhelm.io/federate: "true"}}`, true},
		{"a definition marked by label", kinds.CRD, `metadata: {name: rings.middle.earth, labels: {federation.fedhelm.io/federate: "true"}}`, true},
		{"not a definition whose annotation says no, whatever the label", kinds.CRD,
			`metadata: {name: rings.middle.earth, labels: {federation.fedhelm.io/federate: "true"}, annotations: {federation.fedhelm.io/federate: "false"}}`, false},
	}
	known := append(kinds.Default(), kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := slices.IndexFunc(known, func(k kinds.Kind) bool { return k.ID() == tt.kind })
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(tt.object), &o.Object); err != nil {
				t.Fatal(err)
			}
			if got := kinds.Federated(known[i], o); got != tt.want {
				t.Errorf("Federated(%s, %s) = %t", tt.kind, tt.object, got)
			}
		})
	}
}
