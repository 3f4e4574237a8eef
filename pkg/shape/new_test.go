package shape_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// kindOf finds a kind by the name of its resource.
func kindOf(tb testing.TB, resource string) kinds.Kind {
	tb.Helper()
	for _, k := range known {
		if k.Resource == resource {
			return k
		}
	}
	tb.Fatalf("there is no kind %q", resource)
	return kinds.Kind{}
}

func object(tb testing.TB, text string) *unstructured.Unstructured {
	tb.Helper()
	var content map[string]any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"apiVersion", "kind"} { // which decoders insist on
		if content[name] == nil {
			content[name] = "any"
		}
	}
	data, err := json.Marshal(content)
	if err != nil {
		tb.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(data); err != nil {
		tb.Fatal(err)
	}
	return o
}

func TestNew(t *testing.T) {
	tests := []struct {
		name, kind, source string
		// want are the labels and annotations that are not marks, and all fields beside metadata.
		want string
	}{
		{"the spec of a custom kind may be a list", "rings", `{metadata: {name: a, namespace: shire, uid: u}, spec: [{a: b}, 1]}`, `{spec: [{a: b}, 1]}`},
		{"or a text", "rings", `{metadata: {name: a, namespace: shire, uid: u}, spec: forge}`, `{spec: forge}`},
		{"or a number", "rings", `{metadata: {name: a, namespace: shire, uid: u}, spec: 0}`, `{spec: 0}`},
		{
			"labels, annotations and all fields but status go along", "rings",
			`{metadata: {name: one, namespace: shire, uid: u, labels: {a: b}, annotations: {c: d}}, spec: {x: [1, 0.5, null]}, other: true, status: {phase: Lost}}`,
			`{labels: {a: b}, annotations: {c: d}, spec: {x: [1, 0.5, null]}, other: true}`,
		},
		{
			"what the server and owners in the federation say in metadata stays", "configmaps",
			`metadata: {name: a, namespace: shire, uid: u, generateName: a-, generation: 3, resourceVersion: "7", creationTimestamp: "2026-11-22T23:44:11Z",
			   deletionTimestamp: "2026-11-22T23:44:11Z", selfLink: /x, finalizers: [x.org/y], ownerReferences: [{kind: Ring, name: one}], managedFields: [{}]}`,
			`{}`,
		},
		{
			"annotations for the object in its own cluster stay", "deployments",
			`metadata: {name: a, namespace: shire, uid: u, annotations: {federation.fedhelm.io/adopt: "true", federation.kubernetes.io/deployment-preferences: "{}",
			   federation.alpha.kubernetes.io/cluster-selector: "[]", deployment.kubernetes.io/revision: "3", kubectl.kubernetes.io/last-applied-configuration: "{}",
			   kubectl.kubernetes.io/restartedAt: now, federation.kubernetes.io.example.org/x: z}}`,
			`{annotations: {kubectl.kubernetes.io/restartedAt: now, federation.kubernetes.io.example.org/x: z}, spec: {}}`,
		},
		{
			"what servers count on DaemonSets stays", "daemonsets",
			`metadata: {name: a, namespace: shire, uid: u, annotations: {deprecated.daemonset.template.generation: "3", deprecated.daemonset.template.generations: "3"}}`,
			`{annotations: {deprecated.daemonset.template.generations: "3"}}`,
		},
		{
			"a source cannot bring marks or other labels of ours along", "secrets",
			`metadata: {name: a, namespace: shire, uid: u, labels: {federation.fedhelm.io/propagated-by: mordor, federation.fedhelm.io/cluster: gondor}}`,
			`{}`,
		},
		{
			"a namespace's finalizers and name label are each server's own", "namespaces",
			`{metadata: {name: shire, uid: u, labels: {kubernetes.io/metadata.name: shire, team: a}}, spec: {finalizers: [kubernetes]}}`,
			`{labels: {team: a}}`,
		},
		{
			"the name label of another kind is the user's", "configmaps",
			`metadata: {name: a, namespace: shire, uid: u, labels: {kubernetes.io/metadata.name: shire}}`,
			`{labels: {kubernetes.io/metadata.name: shire}}`,
		},
		{
			"creation times in templates, which are always null, stay", "daemonsets",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {template: {metadata: {creationTimestamp: null, labels: {a: b}}}}}`,
			`{spec: {template: {metadata: {labels: {a: b}}}}}`,
		},
		{
			"a Service's address stays, whoever chose it", "services",
			`{metadata: {name: a, namespace: shire, uid: u, managedFields: [{fieldsV1: {"f:spec": {"f:clusterIP": {}, "f:clusterIPs": {}}}}]}, spec: {clusterIP: 10.0.0.9, clusterIPs: [10.0.0.9]}}`,
			`{spec: {}}`,
		},
		{
			"that there is none goes along", "services",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {clusterIP: None, clusterIPs: [None], ipFamilies: [IPv4], ipFamilyPolicy: SingleStack}}`,
			`{spec: {clusterIP: None}}`,
		},
		{
			"a node port goes along if somebody owns it", "services",
			`{metadata: {name: a, namespace: shire, uid: u, managedFields: [
			    {fieldsV1: {"f:spec": {"f:ports": {".": {}, 'k:{"port":80,"protocol":"TCP"}': {"f:port": {}}}}}},
			    {fieldsV1: {"f:spec": {"f:ports": {".": {}, 'k:{"port":80,"protocol":"UDP"}': {"f:nodePort": {}}}}}}]},
			  spec: {ports: [{port: 80, protocol: TCP, nodePort: 30001}, {port: 80, protocol: UDP, nodePort: 30002}, {port: 81, protocol: TCP}]}}`,
			`{spec: {ports: [{port: 80, protocol: TCP}, {port: 80, protocol: UDP, nodePort: 30002}, {port: 81, protocol: TCP}]}}`,
		},
		{
			"families and the health check's port go along if somebody owns them", "services",
			`{metadata: {name: a, namespace: shire, uid: u, managedFields: [{fieldsV1: {"f:spec": {"f:ipFamilyPolicy": {}, "f:healthCheckNodePort": {}}}}]},
			  spec: {ipFamilies: [IPv4], ipFamilyPolicy: PreferDualStack, healthCheckNodePort: 30003}}`,
			`{spec: {ipFamilyPolicy: PreferDualStack, healthCheckNodePort: 30003}}`,
		},
		{
			"without managedFields all that can be allocated was", "services",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {ports: [{port: 80, nodePort: 30001}], healthCheckNodePort: 30003}}`,
			`{spec: {ports: [{port: 80}]}}`,
		},
		{
			"a ServiceAccount's generated Secrets stay, and those of the user's go along", "serviceaccounts",
			`{metadata: {name: frodo, namespace: shire, uid: u}, secrets: [{name: frodo-token-x7k2p}, {name: frodo-dockercfg-bcd24}, {name: frodo-token-of-love}, {name: sam-token-x7k2p}]}`,
			`{secrets: [{name: frodo-token-of-love}, {name: sam-token-x7k2p}]}`,
		},
		{
			"Secrets that only look generated are the user's", "serviceaccounts",
			`{metadata: {name: vault, namespace: shire, uid: u}, secrets: [{name: vault-token-admin}, {name: vault-token-prod1}, {name: vault-token-b.cdf}, {name: vault-dockercfg-x7k2o}, {name: vault-token-x7k2p2}]}`,
			`{secrets: [{name: vault-token-admin}, {name: vault-token-prod1}, {name: vault-token-b.cdf}, {name: vault-dockercfg-x7k2o}, {name: vault-token-x7k2p2}]}`,
		},
		{
			"a ServiceAccount with nothing but generated Secrets has none", "serviceaccounts",
			`{metadata: {name: frodo, namespace: shire, uid: u}, secrets: [{name: frodo-token-x7k2p}]}`,
			`{}`,
		},
		{
			"a claim's volume is one of its own cluster, its status the server's", "statefulsets",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {volumeName: pv-1, volumeMode: Block}, status: {phase: Pending}}, {metadata: {name: e}}]}}`,
			`{spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {volumeMode: Block}}, {metadata: {name: e}}]}}`,
		},
		{
			"a Job's generated labels and selector stay, by old names and new", "jobs",
			`{metadata: {name: a, namespace: shire, uid: u, labels: {controller-uid: u, job-name: a, batch.kubernetes.io/controller-uid: u, batch.kubernetes.io/job-name: a, team: b}},
			  spec: {selector: {matchLabels: {controller-uid: u}}, template: {metadata: {annotations: {c: d}, labels: {controller-uid: u, job-name: a,
			    batch.kubernetes.io/controller-uid: u, batch.kubernetes.io/job-name: a, app: e}}, spec: {}}}}`,
			`{labels: {team: b}, spec: {template: {metadata: {annotations: {c: d}, labels: {app: e}}, spec: {}}}}`,
		},
		{
			"a Job's selector made by hand goes along, with the labels", "jobs",
			`{metadata: {name: a, namespace: shire, uid: u, labels: {job-name: mine}}, spec: {manualSelector: true, selector: {matchLabels: {job-name: mine}}, template: {metadata: {labels: {job-name: mine}}}}}`,
			`{labels: {job-name: mine}, spec: {manualSelector: true, selector: {matchLabels: {job-name: mine}}, template: {metadata: {labels: {job-name: mine}}}}}`,
		},
		{
			"when a finished Job goes is decided in the federation", "jobs",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {ttlSecondsAfterFinished: 60, parallelism: 3, completions: 9, suspend: true}}`,
			`{spec: {suspend: true}}`,
		},
		{
			"when the Jobs of a CronJob go is decided in members, where they are made", "cronjobs",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {jobTemplate: {spec: {ttlSecondsAfterFinished: 60, parallelism: 3, completions: 9}}}}`,
			`{spec: {jobTemplate: {spec: {ttlSecondsAfterFinished: 60, parallelism: 3, completions: 9}}}}`,
		},
		{
			"what is divided comes from the share", "horizontalpodautoscalers",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {name: web}}}`,
			`{spec: {scaleTargetRef: {name: web}}}`,
		},
		{
			"what is not divided goes along, under the same name too", "rings",
			`{metadata: {name: a, namespace: shire, uid: u}, spec: {replicas: 3}}`,
			`{spec: {replicas: 3}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := object(t, tt.source)
			got := content(t, body(t, kindOf(t, tt.kind), source, shape.Share{}))
			if diff := cmp.Diff(object(t, tt.want).Object, got.Object); diff != "" {
				t.Errorf("what a member gets (-want +got):\n%s", diff)
			}
		})
	}
}

// content takes names and marks off, which it checks, and puts labels and annotations where tests read them.
func content(tb testing.TB, body []byte) *unstructured.Unstructured {
	tb.Helper()
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(body); err != nil {
		tb.Fatalf("the body is no object: %v\n%s", err, body)
	}
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	if labels["federation.fedhelm.io/propagated-by"] != "fellowship" || annotations["federation.fedhelm.io/source-uid"] != "u" ||
		annotations["federation.fedhelm.io/federation-uid"] != string(marks.FederationUID) || len(annotations["federation.fedhelm.io/hash"]) != 16 {
		tb.Errorf("the body is not marked:\n%s", body)
	}
	delete(labels, "federation.fedhelm.io/propagated-by")
	for _, mark := range []string{"source-uid", "federation-uid", "hash"} {
		delete(annotations, "federation.fedhelm.io/"+mark)
	}
	metadata, _ := o.Object["metadata"].(map[string]any)
	for _, name := range []string{"name", "namespace", "labels", "annotations", "resourceVersion"} {
		delete(metadata, name)
	}
	if len(metadata) > 0 {
		tb.Errorf("the body has more metadata than it should: %v", metadata)
	}
	delete(o.Object, "metadata")
	for name, values := range map[string]map[string]string{"labels": labels, "annotations": annotations} {
		if len(values) > 0 {
			o.Object[name] = asAny(values)
		}
	}
	o.Object["apiVersion"], o.Object["kind"] = "any", "any"
	return o
}

func asAny(values map[string]string) map[string]any {
	o := map[string]any{}
	for name, value := range values {
		o[name] = value
	}
	return o
}

func body(tb testing.TB, k kinds.Kind, source *unstructured.Unstructured, s shape.Share) []byte {
	tb.Helper()
	template, err := shape.New(k, source, marks)
	if err != nil {
		tb.Fatal(err)
	}
	return template.Body(s, shape.Precondition{})
}

func TestNewSaysWhatIsMalformed(t *testing.T) {
	tests := []struct{ name, kind, source, want string }{
		{"an object without a UID is not from a server", "configmaps", `metadata: {name: a, namespace: shire}`,
			`ConfigMap "a" in namespace "shire" is malformed: it has no name or no UID`},
		{"an object without a name, too", "configmaps", `metadata: {uid: u, namespace: shire}`,
			`ConfigMap "" in namespace "shire" is malformed: it has no name or no UID`},
		{"a spec that is no object cannot have a share", "deployments", `{metadata: {name: a, namespace: shire, uid: u}, spec: [1]}`,
			`Deployment "a" in namespace "shire" is malformed: its spec is no object`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := shape.New(kindOf(t, tt.kind), object(t, tt.source), marks)
			if !errors.Is(err, shape.ErrMalformed) || err.Error() != tt.want {
				t.Errorf("New: %v, want %s", err, tt.want)
			}
		})
	}
}
