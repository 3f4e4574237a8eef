package delivery

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// The user has deleted a Job and made it again, while the member was away, or before it had let go of the copy.
func TestAJobOfAnotherSourceIsMadeAnew(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	w.run()
	w.expect(w.source(shire), Synced)
	sum := func(uid types.UID) Key {
		return w.source(fmt.Sprintf(`{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"sum","namespace":"shire","uid":%q},"spec":{"template":{}}}`, uid))
	}
	k := sum("former")
	former := w.expect(k, Synced).Copy
	const complete = `{"succeeded":3,"conditions":[{"type":"Complete","status":"True"}]}`
	api.SetStatus(w.kinds[k.Kind], "shire", "sum", []byte(complete))
	eventually.Do(t, 10*time.Second, "the Job to be known as complete", func() error {
		if r := w.agent.Report(k); r.Copy == nil || string(r.Copy.Status) != complete {
			return fmt.Errorf("the report is %+v", r)
		}
		return nil
	})
	sum("new")
	var r Report
	eventually.Do(t, 10*time.Second, "the copy to be of the new Job", func() error {
		if r = w.agent.Report(k); r.Copy == nil || r.Copy.SourceUID != "new" || r.State != Synced {
			return fmt.Errorf("the report is %+v", r)
		}
		return nil
	})
	o, _ := api.Get(w.kinds[k.Kind], "shire", "sum")
	if r.Copy.UID == former.UID || o.UID != r.Copy.UID || len(o.Status) > 0 {
		t.Errorf("the copy was %s, and is %+v; the member has %+v", former.UID, r.Copy, o)
	}
}
