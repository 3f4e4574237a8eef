package delivery

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// BenchmarkDeliver is what it costs an Agent and an API in memory, both in this process, to bring an object in.
func BenchmarkDeliver(b *testing.B) { deliver(b, fakeapi.Options{}) }

// BenchmarkDeliverSlowly is how long that takes where writes do: for a disk, or for a webhook.
func BenchmarkDeliverSlowly(b *testing.B) {
	deliver(b, fakeapi.Options{Intercept: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			time.Sleep(60 * time.Millisecond)
		}
		return false
	}})
}

func deliver(b *testing.B, o fakeapi.Options) {
	b.Helper()
	server := fakeapi.Serve(fakeapi.New(o))
	defer server.Close()
	config := server.Config()
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		b.Fatal(err)
	}
	kind := kinds.Default()[1]
	var mu sync.Mutex
	missing := map[Key]bool{}
	done := make(chan struct{})
	templates := map[Key]*shape.Template{}
	for i := range b.N {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": fmt.Sprint(i)}}}
		u.SetName(fmt.Sprint("c", i))
		u.SetNamespace("default")
		u.SetUID(types.UID(fmt.Sprintf("5a5a5a5a-0000-4000-8000-%012x", i)))
		k := Key{Kind: kind.ID(), Namespace: "default", Name: u.GetName()}
		if templates[k], err = shape.New(kind, u, shape.Marks{Federation: fellowship, FederationUID: fellowshipUID}); err != nil {
			b.Fatal(err)
		}
		missing[k] = true
	}
	var a *Agent
	a = New(Options{
		Member: &members.Member{Name: "gondor", Config: config, Client: client}, Federation: fellowship, FederationUID: fellowshipUID,
		Wish: func(k Key) Wish {
			if t := templates[k]; t != nil {
				return Wish{Action: Present, Source: "source", Template: t}
			}
			return Wish{}
		},
		Changed: func(k Key) {
			go func() { // it may not be asked from here
				mu.Lock()
				defer mu.Unlock()
				if a.Report(k).State == Synced && missing[k] {
					if delete(missing, k); len(missing) == 0 {
						close(done)
					}
				}
			}()
		},
		Kind: func(kinds.ID) (kinds.Kind, bool) { return kind, true },
	})
	ctx, cancel := context.WithCancel(b.Context())
	var run sync.WaitGroup
	run.Go(func() { a.Run(ctx) })
	b.ReportAllocs()
	b.ResetTimer()
	for k := range templates {
		a.Want(k, User)
	}
	<-done
	b.StopTimer()
	cancel()
	run.Wait()
}
