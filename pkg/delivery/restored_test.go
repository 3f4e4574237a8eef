package delivery

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// A cluster that was given the data of an earlier day counts its versions on from there.
func TestMemberThatWasRestoredGetsWhatItForgot(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(api *fakeapi.API, cut func()){
		"when watches are refused": func(api *fakeapi.API, _ func()) { api.Reset() },
		"when watches are cut off": func(_ *fakeapi.API, cut func()) { cut() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, api, f := newFaulty(t)
			ctx, cut := context.WithCancel(t.Context())
			defer cut()
			f.set(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("watch") == "true" {
					r = r.WithContext(ctx)
				}
				api.ServeHTTP(rw, r)
			})
			w.run()
			w.expect(w.source(shire), Synced)
			for _, k := range many(w, 30) {
				w.expect(k, Synced)
			}
			restored := fakeapi.New(fakeapi.Options{})
			f.set(restored.ServeHTTP)
			end(api, cut)
			eventually.Do(t, 15*time.Second, "all copies to be made again", func() error {
				if n := len(restored.List(w.kinds["configmaps"], labels.Everything())); n != 30 {
					return fmt.Errorf("there are %d", n)
				}
				return nil
			})
		})
	}
}
