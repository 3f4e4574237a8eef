package delivery

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// Somebody takes a copy over, by taking our label off it, a moment before we are to delete it.
func TestWhatSomebodyHasTakenOverIsNotDeleted(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if isWatch(r) { // which tells nothing in time
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(rw, r)
	})
	w.run()
	w.expect(w.source(shire), Synced)
	k := w.source(settings)
	w.expect(k, Synced)
	kind := w.kinds[k.Kind]
	if err := api.Put(kind, "somebody", []byte(`{"metadata":{"namespace":"shire","name":"settings"},"data":{"ring":"mine"}}`)); err != nil {
		t.Fatal(err)
	}
	w.want(k, Wish{Action: Absent})
	w.expect(k, Terminating) // as far as we know
	time.Sleep(100 * time.Millisecond)
	if _, there := api.Get(kind, "shire", "settings"); !there {
		t.Error("it is gone")
	}
}

// What others change all the time is deleted all the same.
func TestWhatHasChangedSinceItWasSeenIsDeleted(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if isWatch(r) {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(rw, r)
	})
	w.run()
	w.expect(w.source(shire), Synced)
	k := w.source(settings)
	w.expect(k, Synced)
	kind := w.kinds[k.Kind]
	o, _ := api.Get(kind, "shire", "settings")
	err := w.agent.Member.Client.Patch(types.MergePatchType).AbsPath(kind.Path("shire", "settings")).Body([]byte(`{"data":{"more":"of it"}}`)).Do(t.Context()).Error()
	if now, _ := api.Get(kind, "shire", "settings"); err != nil || now.UID != o.UID || string(now.Body) == string(o.Body) {
		t.Fatalf("%v: it has become %+v", err, now)
	}
	w.want(k, Wish{Action: Absent})
	eventually.Do(t, 10*time.Second, "it to be deleted", func() error {
		if _, there := api.Get(kind, "shire", "settings"); there {
			return errors.New("it is there")
		}
		return nil
	})
}
