package delivery

import (
	"net/http"
	"testing"
)

// What answers on the way to a member says nothing of what is in it.
func TestAnswersThatAreNoAPIServers(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	k := w.source(settings)
	w.expect(k, Synced)
	f.set(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, "<html>no such host here</html>", http.StatusNotFound)
	})
	w.want(k, Wish{Action: Absent})
	if r := w.expect(k, Unreachable); r.Copy == nil {
		t.Errorf("the copy is taken for gone: %+v", r)
	}
	if _, there := api.Get(w.kinds[k.Kind], "shire", "settings"); !there {
		t.Fatal("it is gone")
	}
	f.set(nil)
	w.expect(k, Gone)
	if _, there := api.Get(w.kinds[k.Kind], "shire", "settings"); there {
		t.Error("it is still there")
	}
}
