package stubs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

func TestMembersTakeObjectsAndTellOfThem(t *testing.T) {
	const members, objects = 3, 60
	var written atomic.Int32
	all := Start(members, Options{Far: true, Written: func(int, kinds.Kind, fakeapi.Object) { written.Add(1) }})
	t.Cleanup(func() { Close(all) })
	configs := make([]*rest.Config, members)
	for i, m := range all {
		configs[i] = m.Config()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Wait(ctx, all, objects); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "member-0001 has 0 of 60") {
		t.Errorf("before: %v", err)
	}
	set := workload.Set{Prefix: "bench"}
	if _, err := direct.Apply(t.Context(), configs, set.Objects(objects), 8); err != nil {
		t.Fatal(err)
	}
	if _, err := Wait(t.Context(), all, objects); err != nil {
		t.Error(err)
	}
	if n := written.Load(); n != members*objects {
		t.Errorf("%d writes were told of, want %d", n, members*objects)
	}
	for i := range objects {
		o := set.Object(i)
		if o.Kind.Kind != "Deployment" {
			continue
		}
		eventually.Do(t, 5*time.Second, "the Deployment to be ready", func() error {
			if got, _ := all[2].Get(o.Kind, o.Namespace, o.Name); !strings.Contains(string(got.Status), `"observedGeneration":1`) {
				return errors.New("its status is " + string(got.Status))
			}
			return nil
		})
		return
	}
	t.Error("no Deployment is among the objects")
}

func TestDistancesAreThoseOfTheWorld(t *testing.T) {
	near, far := 0, 0
	for member := range 200 {
		d := distance(1, member)()
		if d < nearest || d > 3*farthest {
			t.Errorf("member %d is %s away", member, d)
		}
		if d < 10*time.Millisecond {
			near++
		}
		if d > 50*time.Millisecond {
			far++
		}
	}
	if near < 40 || far < 30 {
		t.Errorf("%d are near and %d are far", near, far)
	}
}
