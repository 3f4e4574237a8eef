package delivery

import (
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// Objects of a kind are there although no version of it is served for a while.
func TestDefinitionsWhoseObjectsCannotBeListedAreKept(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{Kinds: append(kinds.Default(), kinds.Definitions())})
	w.kinds[kinds.CRD] = kinds.Definitions()
	w.run()
	k := w.source(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"rings.middle.earth"},
		"spec":{"group":"middle.earth","names":{"plural":"rings","kind":"Ring"},"scope":"Namespaced","versions":[{"name":"v1","served":false,"storage":true}]}}`)
	w.expect(k, Synced)
	w.want(k, Wish{Action: Absent})
	if r := w.expect(k, Kept); !strings.Contains(r.Message, "no version of it is served") {
		t.Errorf("it says %q", r.Message)
	}
	if _, there := api.Get(kinds.Definitions(), "", "rings.middle.earth"); !there {
		t.Error("it is gone")
	}
}
