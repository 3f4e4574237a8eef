//go:build integration

package fieldset_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/delivery/internal/fieldset"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const (
	us   = "fedhelm-propagation"
	them = "somebody-else"
)

// copied is an object that was applied as propagation does it.
type copied struct {
	client  dynamic.ResourceInterface
	name    string
	body    []byte
	wanted  map[string]any // the body, decoded
	certain bool           // its fields leave no doubt
}

func (c *copied) apply(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	now, err := c.client.Patch(t.Context(), c.name, types.ApplyPatchType, c.body, metav1.PatchOptions{FieldManager: us, Force: ptr.To(true)})
	if err != nil { // an immutable field was changed
		now = c.renew(t)
	}
	if covered := c.covered(t, now); covered != c.certain {
		fields, _ := fieldset.Ours(now.GetManagedFields(), us)
		t.Fatalf("right after the apply Covers = %v; want %v\n%s\n%s", covered, c.certain, fields, c.body)
	}
	return now
}

// renew makes the object anew.
func (c *copied) renew(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	err := c.client.Delete(t.Context(), c.name, metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	var now *unstructured.Unstructured
	eventually.Do(t, 10*time.Second, "the object to be made anew", func() (err error) {
		now, err = c.client.Patch(t.Context(), c.name, types.ApplyPatchType, c.body, metav1.PatchOptions{FieldManager: us, Force: ptr.To(true)})
		return err
	})
	return now
}

// alike tells whether what is at a path is as wanted, and as many items are in the lists on the way.
func (c *copied) alike(now *unstructured.Unstructured, path []any) bool {
	for i := range path {
		have, isList := at(now.Object, path[:i]).([]any)
		if want, _ := at(c.wanted, path[:i]).([]any); isList && len(have) != len(want) {
			return false
		}
	}
	return reflect.DeepEqual(at(now.Object, path), at(c.wanted, path))
}

// change has somebody else put a value at a path.
func (c *copied) change(t *testing.T, now *unstructured.Unstructured, path []any, value any) (after *unstructured.Unstructured, err error) {
	t.Helper()
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		next := now.DeepCopy()
		put(next.Object, path, value)
		after, err = c.client.Update(t.Context(), next, metav1.UpdateOptions{FieldManager: them})
		if apierrors.IsConflict(err) { // the server itself writes into some
			fresh, getErr := c.client.Get(t.Context(), c.name, metav1.GetOptions{})
			if getErr != nil {
				return getErr
			}
			now = fresh
		}
		return err
	})
	return after, err
}

func (c *copied) covered(t *testing.T, now *unstructured.Unstructured) bool {
	t.Helper()
	fields, ok := fieldset.Ours(now.GetManagedFields(), us)
	if !ok {
		return false
	}
	covered, err := fieldset.Covers(fields, c.body)
	if err != nil {
		t.Fatal(err)
	}
	return covered
}

// start hands each object of testdata, or each of the kinds, to a test of its own. One API server has them all.
func start(t *testing.T, each func(t *testing.T, c *copied), only ...string) {
	t.Helper()
	client, err := dynamic.NewForConfig(apiserver.StartMember(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects(t) {
		if len(only) > 0 && !slices.Contains(only, o.GetKind()) {
			continue
		}
		t.Run(o.GetKind()+" "+o.GetName(), func(t *testing.T) {
			k := kindOf(t, o)
			c := &copied{name: o.GetName(), certain: o.GetName() != "doubtful"}
			if c.client = client.Resource(k.GroupVersionResource()); k.Namespaced {
				c.client = client.Resource(k.GroupVersionResource()).Namespace(o.GetNamespace())
			}
			var source *unstructured.Unstructured // as the federation API has it, with all its defaults
			eventually.Do(t, time.Minute, "the kind to be served", func() (err error) {
				source, err = c.client.Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				return err
			})
			source.SetUID("source")
			template, err := shape.New(k, source, shape.Marks{Federation: "fellowship", FederationUID: "uid"})
			if err != nil {
				t.Fatal(err)
			}
			c.body = withoutVersion(t, template.Body(shape.ShareOf(k, source), shape.Precondition{}))
			if err := json.Unmarshal(c.body, &c.wanted); err != nil {
				t.Fatal(err)
			}
			eventually.Do(t, time.Minute, "the kind to be served as it is", func() error {
				_, err := c.client.Patch(t.Context(), c.name, types.ApplyPatchType, c.body, metav1.PatchOptions{FieldManager: us, DryRun: []string{metav1.DryRunAll}})
				return err
			})
			each(t, c)
		})
	}
}

// withoutVersion takes out what lets an apply only make an object.
func withoutVersion(t *testing.T, body []byte) []byte {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(body, &o); err != nil {
		t.Fatal(err)
	}
	unstructured.RemoveNestedField(o, "metadata", "resourceVersion")
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The golden files are what this version of the API server writes.
func TestIntegrationGoldenFilesAreOfTheServer(t *testing.T) {
	if apiserver.MembersDiffer() {
		t.Skip("the golden files are of today's API server; without MEMBER_VERSION this runs")
	}
	start(t, func(t *testing.T, c *copied) {
		t.Helper()
		fields, ok := fieldset.Ours(c.apply(t).GetManagedFields(), us)
		if !ok {
			t.Fatal("nothing is ours")
		}
		got, err := json.MarshalIndent(applied{Body: c.body, Fields: fields}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", strings.ToLower(c.wanted["kind"].(string))+"-"+c.name+".golden.json")
		got = append(got, '\n')
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("%s (-want +got); if meant, run this test with -update:\n%s", path, diff)
		}
	})
}

var update = flag.Bool("update", false, "write golden files")

// Whatever field of ours somebody else changes or takes away, Covers says so, and after another apply it covers again.
func TestIntegrationEveryChangeIsSeen(t *testing.T) {
	total := 0
	start(t, func(t *testing.T, c *copied) {
		t.Helper()
		now := c.apply(t)
		if now.GetKind() == "CustomResourceDefinition" { // its kind is that of objects which come after it, and must go on being served
			return
		}
		changed := 0
		for _, path := range paths(c.wanted, nil) {
			for _, change := range changes(at(c.wanted, path)) {
				if !c.alike(now, path) {
					now = c.renew(t) // of what others left there
				}
				if !c.alike(now, path) {
					continue // defaults are in it
				}
				after, err := c.change(t, now, path, change)
				if err != nil || reflect.DeepEqual(at(after.Object, path), at(c.wanted, path)) {
					continue // it may not be changed so, or the server put it back
				}
				changed++
				if c.covered(t, after) {
					fields, _ := fieldset.Ours(after.GetManagedFields(), us)
					t.Errorf("%v became %v, and is covered still by\n%s", path, change, fields)
				}
				c.checkContesters(t, after, path, change)
				now = c.apply(t)
			}
		}
		c.renew(t)
		t.Logf("%d changes", changed)
		if total += changed; changed == 0 {
			t.Error("nothing could be changed")
		}
	})
	if total < 300 {
		t.Errorf("only %d changes were tried", total)
	}
}

// checkContesters expects them where a value was replaced by another, not where it was taken away, or identifies an item of a list.
func (c *copied) checkContesters(t *testing.T, after *unstructured.Unstructured, path []any, change any) {
	t.Helper()
	name, isName := path[len(path)-1].(string)
	if change == nil || at(after.Object, path) == nil || !isName || slices.Contains([]string{"name", "containerPort", "port", "protocol", "mountPath", "ip", "kind", "cut", "topologyKey", "whenUnsatisfiable", "volumeName"}, name) {
		return
	}
	got, err := fieldset.Contesters(after.GetManagedFields(), us, c.body)
	if err != nil || !slices.Equal(got, []string{them}) {
		t.Errorf("%v became %v, and the contesters are %v, %v", path, change, got, err)
	}
}

// What others add, and is not ours, is none of our business.
func TestIntegrationWhatOthersAddIsNotOurs(t *testing.T) {
	const addLabels = `{"metadata":{"labels":{"added":"x"},"annotations":{"added":"x"}}}`
	const pod = `{"metadata":{"labels":{"added":"x"}},"spec":{"containers":[{"name":"injected","image":"i","ports":[{"containerPort":8080,"name":"other"}]}],"volumes":[{"name":"injected","emptyDir":{}}]}}`
	additions := map[string][]string{ // strategic merge patches
		"ConfigMap":      {`{"data":{"added":"x"}}`, `{"immutable":false}`},
		"Secret":         {`{"data":{"added":"eA=="}}`},
		"Service":        {`{"spec":{"ports":[{"port":9999,"name":"added","targetPort":1}]}}`, `{"spec":{"publishNotReadyAddresses":true}}`, `{"spec":{"ports":[{"port":80,"nodePort":30999}]}}`},
		"ServiceAccount": {`{"secrets":[{"name":"frodo-token-1"}]}`},
		"Deployment":     {`{"spec":{"template":` + pod + `}}`, `{"spec":{"paused":true}}`, `{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"ADDED","value":"x"}],"tty":true}]}}}}`},
		"ReplicaSet":     {`{"spec":{"minReadySeconds":3}}`},
		"StatefulSet":    {`{"spec":{"template":` + pod + `}}`},
		"DaemonSet":      {`{"spec":{"template":{"spec":{"containers":[{"name":"injected","image":"i"}]}}}}`},
		"CronJob":        {`{"spec":{"jobTemplate":{"spec":{"template":` + pod + `}}}}`, `{"spec":{"startingDeadlineSeconds":10}}`},
	}
	start(t, func(t *testing.T, c *copied) {
		t.Helper()
		now := c.apply(t)
		if !c.certain {
			return
		}
		before, ok := fieldset.Ours(now.GetManagedFields(), us)
		if !ok {
			t.Fatal("nothing is ours")
		}
		digest := fieldset.Digest(before)
		kind := types.StrategicMergePatchType
		if now.GetKind() == "Ring" {
			kind = types.MergePatchType
		}
		for _, patch := range append(additions[now.GetKind()], addLabels) {
			after, err := c.client.Patch(t.Context(), c.name, kind, []byte(patch), metav1.PatchOptions{FieldManager: them})
			if err != nil {
				t.Errorf("%s: %v", patch, err)
				continue
			}
			ours, _ := fieldset.Ours(after.GetManagedFields(), us)
			if !c.covered(t, after) || fieldset.Digest(ours) != digest {
				t.Errorf("after %s covered are no more than\n%s", patch, ours)
			}
			if got, err := fieldset.Contesters(after.GetManagedFields(), us, c.body); err != nil || len(got) > 0 {
				t.Errorf("after %s contesters are %v, %v", patch, got, err)
			}
		}
	})
}

// What an autoscaler does is told from what we apply.
func TestIntegrationReplicasOfAnAutoscaler(t *testing.T) {
	start(t, func(t *testing.T, c *copied) {
		t.Helper()
		now := c.apply(t)
		if manager, _ := fieldset.ReplicasOwner(now.GetManagedFields(), us); manager != "" {
			t.Errorf("before, %q owns the replicas", manager)
		}
		_, err := c.client.Patch(t.Context(), c.name, types.MergePatchType, []byte(`{"spec":{"replicas":7}}`), metav1.PatchOptions{FieldManager: them}, "scale")
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.client.Get(t.Context(), c.name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		manager, subresource := fieldset.ReplicasOwner(after.GetManagedFields(), us)
		if c.covered(t, after) || manager != them || subresource != "scale" {
			t.Errorf("after scaling covered: %v; replicas are %q's by %q", c.covered(t, after), manager, subresource)
		}
	}, "Deployment", "ReplicaSet", "StatefulSet")
}
