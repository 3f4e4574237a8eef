//go:build integration

package prune

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const ringDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"rings.middle.earth"},"spec":{
	"group":"middle.earth","scope":"Namespaced","names":{"plural":"rings","kind":"Ring"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
	"spec":{"type":"object","properties":{
		"colour":{"type":"string"},
		"gems":{"type":"array","items":{"type":"object","properties":{"cut":{"type":"string"}}}},
		"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
		"map":{"type":"object","additionalProperties":{"type":"object","properties":{"a":{"type":"integer"}}}},
		"within":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}
	}}}}}}]}}`

func TestIntegrationWhatIsPrunedApplies(t *testing.T) {
	config := apiserver.StartMember(t).Admin(t)
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs} // reads why something is refused
	api, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := apply(t.Context(), api, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rings.middle.earth", ringDefinition); err != nil {
		t.Fatal(err)
	}
	const pod = `"metadata":{"labels":{"a":"b"}},"spec":{"mystery":1,"containers":[{"name":"a","image":"b","env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k","vault":"v"}}}]},
		{"name":"c","image":"d","baz":{"deep":[1]},"resources":{"limits":{"cpu":"1"},"burst":{"cpu":"2"}}}],"volumes":[{"name":"v","emptyDir":{},"tape":{"drive":1}}]}`
	podPaths := func(at string) []string {
		return []string{
			at + ".containers[0].env[0].valueFrom.secretKeyRef.vault", at + ".containers[1].baz", at + ".containers[1].resources.burst", at + ".mystery", at + ".volumes[0].tape",
		}
	}
	tests := []struct {
		name  string
		kind  schema.GroupVersionKind
		path  string
		rest  string // of the body, after metadata.name
		paths []string
	}{
		{
			name: "a Deployment", kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, path: "/apis/apps/v1/namespaces/default/deployments/x",
			rest:  `,"flavour":"x","annotations":{"free/to.choose":"x"}},"spec":{"foo":1,"replicas":1,"selector":{"matchLabels":{"a":"b"},"matchTaste":"x"},"template":{` + pod + `}}}`,
			paths: append([]string{".metadata.flavour", ".spec.foo", ".spec.selector.matchTaste"}, podPaths(".spec.template.spec")...),
		},
		{
			name: "a CronJob", kind: schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"}, path: "/apis/batch/v1/namespaces/default/cronjobs/x",
			rest:  `},"spec":{"schedule":"* * * * *","calendar":"shire","jobTemplate":{"spec":{"template":{` + strings.Replace(pod, `"spec":{`, `"spec":{"restartPolicy":"Never",`, 1) + `}}}}}`,
			paths: append([]string{".spec.calendar"}, podPaths(".spec.jobTemplate.spec.template.spec")...),
		},
		{
			name: "a StatefulSet", kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}, path: "/apis/apps/v1/namespaces/default/statefulsets/x",
			rest: `},"spec":{"serviceName":"x","selector":{"matchLabels":{"a":"b"}},"template":{` + pod + `},"volumeClaimTemplates":[{"metadata":{"name":"d"},
				"spec":{"accessModes":["ReadWriteOnce"],"tape":1,"resources":{"requests":{"storage":"1Gi"}}}}]}}`,
			paths: append(podPaths(".spec.template.spec"), ".spec.volumeClaimTemplates[0].spec.tape"),
		},
		{
			name: "a Service", kind: schema.GroupVersionKind{Version: "v1", Kind: "Service"}, path: "/api/v1/namespaces/default/services/x",
			rest:  `},"spec":{"selector":{"any":"thing"},"ports":[{"port":80,"targetPort":"http","lane":1}],"turbo":true}}`,
			paths: []string{".spec.ports[0].lane", ".spec.turbo"},
		},
		{
			name: "a HorizontalPodAutoscaler", kind: schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
			path: "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/x",
			rest: `},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"x"},"maxReplicas":3,
				"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50,"mood":1}}}]}}`,
			paths: []string{".spec.metrics[0].resource.target.mood"},
		},
		{
			name: "a NetworkPolicy", kind: schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"}, path: "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/x",
			rest:  `},"spec":{"podSelector":{},"ingress":[{"from":[{"podSelector":{"matchLabels":{"a":"b"}},"planet":1}],"ports":[{"port":80,"lane":1}]}]}}`,
			paths: []string{".spec.ingress[0].from[0].planet", ".spec.ingress[0].ports[0].lane"},
		},
		{
			name: "a custom resource", kind: schema.GroupVersionKind{Group: "middle.earth", Version: "v1", Kind: "Ring"}, path: "/apis/middle.earth/v1/namespaces/default/rings/x",
			rest: `},"power":1,"spec":{"colour":"gold","weight":1,"gems":[{"cut":"x"},{"cut":"y","set":1}],"free":{"any":{"thing":1}},"map":{"any":{"a":1,"b":2}},
				"within":{"apiVersion":"v1","kind":"X","metadata":{"name":"y"},"other":1}}}`,
			paths: []string{".power", ".spec.gems[1].set", `.spec.map.any.b`, ".spec.weight"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			version, kind := tt.kind.ToAPIVersionAndKind()
			body := `{"apiVersion":"` + version + `","kind":"` + kind + `","metadata":{"name":"x"` + tt.rest
			var refused error
			eventually.Do(t, time.Minute, "the kind to be served", func() error {
				if refused = apply(t.Context(), api, tt.path, body); apierrors.IsNotFound(refused) {
					return refused
				}
				return nil
			})
			if refused == nil || !strings.Contains(refused.Error(), "not declared in schema") {
				t.Errorf("before: %v", refused)
			}
			var pruned []byte
			eventually.Do(t, time.Minute, "the schema to be published", func() error {
				var paths []string
				var err error
				pruned, paths, err = Prune(t.Context(), api, tt.kind, []byte(body))
				if err == nil && !slices.Equal(paths, tt.paths) {
					t.Errorf("pruned are %q;\n want %q", paths, tt.paths)
				}
				return err
			})
			if err := apply(t.Context(), api, tt.path, string(pruned)); err != nil {
				t.Errorf("after: %v", err)
			}
			if again, paths, err := Prune(t.Context(), api, tt.kind, pruned); err != nil || len(paths) != 0 || string(again) != string(pruned) {
				t.Errorf("pruned again: %q, %v", paths, err)
			}
		})
	}
}

func apply(ctx context.Context, api rest.Interface, path, body string) error {
	return api.Patch(types.ApplyPatchType).AbsPath(path).Param("fieldManager", "test").Param("force", "true").Body([]byte(body)).Do(ctx).Error()
}
