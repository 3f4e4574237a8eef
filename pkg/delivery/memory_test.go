package delivery

import (
	"fmt"
	"runtime"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// seen is an object of the kind as a list has it, each with strings of its own.
func seen(k kinds.Kind, i int, status string) *object {
	fields := fmt.Sprintf(`{"f:data":{"f:key-%d":{}},"f:metadata":{"f:labels":{"f:app":{}},"f:annotations":{"f:a":{}}}}`, i)
	return &object{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("an-object-of-some-length-%07d", i), Namespace: "shire",
			UID: types.UID(fmt.Sprintf("0a0a0a0a-0000-4000-8000-%012x", i)), ResourceVersion: fmt.Sprint(1_000_000 + i), Generation: 1,
			Labels: map[string]string{fedv1beta1.LabelPropagatedBy: fellowship, "app": fmt.Sprint("app-", i)},
			Annotations: map[string]string{
				fedv1beta1.AnnotationFederationUID: string(fellowshipUID), fedv1beta1.AnnotationHash: fmt.Sprintf("%016x", i),
				fedv1beta1.AnnotationSourceUID: fmt.Sprintf("5a5a5a5a-0000-4000-8000-%012x", i),
			},
			ManagedFields: []metav1.ManagedFieldsEntry{{
				Manager: fieldManager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: k.GroupVersionKind().GroupVersion().String(),
				FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
			}},
		},
		Spec: []byte(`{"replicas":3,"template":{}}`), Status: []byte(status),
	}
}

// full is a table that holds copies of a kind, all of them in order.
func full(k kinds.Kind, n int, status string) *table {
	t := newTable(lens{kind: k, federation: fellowship, federationUID: fellowshipUID})
	t.phase = synced
	for i := range n {
		o := seen(k, i, status)
		s, err := t.object(o)
		if err != nil {
			panic(err)
		}
		t.saw(name{o.Namespace, o.Name}, s, 0)
	}
	for _, r := range t.records { // as work does
		r.settle(r.hash, r.source)
		r.state, r.wished = Synced, r.hash
	}
	return t
}

// A million copies should fit into half a gigabyte.
func TestCopiesAreSmall(t *testing.T) {
	deployments := kinds.Default()[5]
	status := `{"observedGeneration":1,"replicas":3,"readyReplicas":3,"updatedReplicas":3,"availableReplicas":3}`
	for name, tt := range map[string]struct {
		kind   kinds.Kind
		status string
		most   int64
	}{
		"a ConfigMap":  {kind: kinds.Default()[1], most: 500},
		"a Deployment": {kind: deployments, status: status, most: 700},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 20_000
			before := inUse()
			table := full(tt.kind, n, tt.status)
			per := (inUse() - before) / n
			t.Logf("%d bytes for a copy", per)
			if per > tt.most {
				t.Errorf("a copy takes %d bytes, more than %d", per, tt.most)
			}
			runtime.KeepAlive(table)
		})
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkSee is what an event of a watch costs that changes the status.
func BenchmarkSee(b *testing.B) {
	k := kinds.Default()[5]
	t := full(k, 1, `{"readyReplicas":1}`)
	objects := []*object{seen(k, 0, `{"readyReplicas":2}`), seen(k, 0, `{"readyReplicas":3}`)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		o := objects[i%2]
		s, _ := t.object(o)
		t.saw(name{o.Namespace, o.Name}, s, 0)
	}
}

// BenchmarkRecheck is what a look costs at a copy that is in order.
func BenchmarkRecheck(b *testing.B) {
	t := full(kinds.Default()[1], 1, "")
	var n name
	for n = range t.records {
	}
	b.ReportAllocs()
	for b.Loop() {
		r := t.look(n)
		if !r.inOrder(r.hash, r.source) {
			b.Fatal("it is not in order")
		}
	}
}
