package stubs

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func TestServicesOfMembersWithPlaces(t *testing.T) {
	all := Start(2, Options{Places: []Place{{"eriador", "bree"}, {"rhovanion", "dale"}}})
	t.Cleanup(func() { Close(all) })
	nodes := all[1].List(nodeKind, labels.SelectorFromSet(labels.Set{"topology.kubernetes.io/region": "rhovanion", "topology.kubernetes.io/zone": "dale"}))
	if len(nodes) != 1 {
		t.Errorf("nodes where they should be: %v", nodes)
	}
	const service = `{"apiVersion":"v1","kind":"Service","metadata":{"namespace":"default","name":"web","labels":{"team":"a"}},"spec":{"type":"LoadBalancer"}}`
	apply(t, all[1], service)
	want := Address(1, "default", "web").String()
	eventually.Do(t, 5*time.Second, "the Service to have its address", func() error {
		if o, _ := all[1].Get(serviceKind, "default", "web"); !strings.Contains(string(o.Status), `"ip":"`+want+`"`) {
			return errors.New("its status is " + string(o.Status))
		}
		return nil
	})
	slice := func() string {
		found := all[1].List(sliceKind, labels.SelectorFromSet(labels.Set{"kubernetes.io/service-name": "web", "team": "a"}))
		if len(found) != 1 {
			t.Fatalf("there are %d EndpointSlices, want 1", len(found))
		}
		return string(found[0].Body)
	}
	if s := slice(); !strings.Contains(s, `"ready":true`) {
		t.Errorf("the endpoint is not ready: %s", s)
	}
	if err := all[1].SetReady("default", "web", false); err != nil {
		t.Fatal(err)
	}
	apply(t, all[1], strings.Replace(service, `"a"`, `"a","x":"y"`, 1))
	if s := slice(); !strings.Contains(s, `"ready":false`) {
		t.Errorf("the endpoint is ready again: %s", s)
	}
	if err := all[0].SetReady("default", "web", true); err == nil {
		t.Error("a member without the Service has an endpoint of it")
	}
}

// apply writes a Service as the controller manager does.
func apply(t *testing.T, m *Member, body string) {
	t.Helper()
	config := m.Config()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, config.Host+serviceKind.Path("default", "web")+"?fieldManager=test&force=true", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", string(types.ApplyPatchType))
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("apply: %s", resp.Status)
	}
}

func TestAddressesOfMembersDiffer(t *testing.T) {
	seen := map[string]int{}
	for member := range 100 {
		a := Address(member, "shop", "web").String()
		if other, is := seen[a]; is {
			t.Errorf("members %d and %d both have %s", other, member, a)
		}
		seen[a] = member
	}
	if Address(0, "shop", "web") == Address(0, "shop", "api") {
		t.Error("both Services have the same address")
	}
}
