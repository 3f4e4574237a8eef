package delivery

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

func newFake(t *testing.T, o fakeapi.Options) (*world, *fakeapi.API) {
	t.Helper()
	api := fakeapi.New(o)
	server := fakeapi.Serve(api)
	t.Cleanup(server.Close)
	return newWorld(t, server.Config()), api
}

const (
	shire    = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shire"}}`
	settings = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shire"},"data":{"ring":"one"}}`
	changed  = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shire"},"data":{"ring":"two"}}`
)

func TestAgentMakesChangesAndDeletes(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	w.run()
	ns, k := w.source(shire), w.source(settings)
	w.expect(ns, Synced)
	r := w.expect(k, Synced)
	o, ok := api.Get(w.kinds[k.Kind], "shire", "settings")
	if !ok || string(o.Body) != `{"data":{"ring":"one"}}` || r.Copy == nil || r.Copy.UID != o.UID || r.Hash == "" {
		t.Fatalf("the member has %+v, the report %+v", o, r)
	}
	hash := r.Hash
	w.source(changed)
	for r.Hash == hash {
		r = w.expect(k, Synced)
	}
	if o, _ = api.Get(w.kinds[k.Kind], "shire", "settings"); string(o.Body) != `{"data":{"ring":"two"}}` {
		t.Errorf("the member has %s", o.Body)
	}
	w.want(k, Wish{Action: Absent})
	if r = w.expect(k, Gone); r.Copy != nil {
		t.Errorf("there is still a copy: %+v", r)
	}
	if _, ok = api.Get(w.kinds[k.Kind], "shire", "settings"); ok {
		t.Error("the copy is still there")
	}
}
