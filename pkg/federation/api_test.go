package federation

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

const clustersPath = "/apis/federation.fedhelm.io/v1beta1/clusters"

// apiOf gives an API whose requests handler answers.
func apiOf(t *testing.T, handler http.HandlerFunc) *API {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	api, err := NewAPI(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestAPIAppliesClusters(t *testing.T) {
	var body map[string]any
	api := apiOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPatch || r.URL.Path != clustersPath+"/gondor" || r.Header.Get("Content-Type") != "application/apply-patch+yaml" ||
			r.URL.Query().Get("fieldManager") != "fedhelm" || r.URL.Query().Get("force") != "true" {
			t.Errorf("asked %s %s as %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		answer(w, http.StatusOK, `{"apiVersion":"federation.fedhelm.io/v1beta1","kind":"Cluster","metadata":{"name":"gondor","generation":3}}`)
	})
	wanted := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "gondor", Labels: map[string]string{"tier": "gold"}}}
	wanted.Spec.ServerAddressByClientCIDRs = []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: "https://gondor"}}
	got, err := api.Apply(t.Context(), wanted)
	if err != nil || got.Generation != 3 {
		t.Fatalf("Apply = %+v, %v", got, err)
	}
	if _, has := body["status"]; has || body["kind"] != "Cluster" {
		t.Errorf("applied %v; want a Cluster without a status, which is not ours to say", body)
	}
}

func TestAPITellsThatThereIsNone(t *testing.T) {
	api := apiOf(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"NotFound","code":404}`)
	})
	if _, err := api.Get(t.Context(), "gondor"); !apierrors.IsNotFound(err) {
		t.Errorf("Get: %v, want NotFound", err)
	}
	if err := api.Delete(t.Context(), "gondor"); !apierrors.IsNotFound(err) {
		t.Errorf("Delete: %v, want NotFound", err)
	}
}

func TestAPIListsZones(t *testing.T) {
	api := apiOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/apis/federation.fedhelm.io/v1beta1/dnszones" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		answer(w, http.StatusOK, `{"apiVersion":"federation.fedhelm.io/v1beta1","kind":"DNSZoneList","items":[{"metadata":{"name":"example.com"},"spec":{"zone":"example.com.","ttl":60}}]}`)
	})
	got, err := api.Zones(t.Context())
	if err != nil || len(got.Items) != 1 || got.Items[0].Spec.Zone != "example.com." || got.Items[0].Spec.TTL != 60 {
		t.Errorf("Zones = %+v, %v", got, err)
	}
}

func TestAPIAnnotates(t *testing.T) {
	var bodies []string
	api := apiOf(t, func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			t.Errorf("%v, %s", err, r.Header.Get("Content-Type"))
		}
		bodies = append(bodies, string(data))
		answer(w, http.StatusOK, `{"apiVersion":"federation.fedhelm.io/v1beta1","kind":"Cluster","metadata":{"name":"gondor"}}`)
	})
	for _, value := range []string{"keep", ""} {
		if _, err := api.Annotate(t.Context(), "gondor", "leaving", value); err != nil {
			t.Fatal(err)
		}
	}
	if bodies[0] != `{"metadata":{"annotations":{"leaving":"keep"}}}` || bodies[1] != `{"metadata":{"annotations":{"leaving":null}}}` {
		t.Errorf("patched with %q", bodies)
	}
}

func TestAPIWatchesOneCluster(t *testing.T) {
	api := apiOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") != "true" || r.URL.Query().Get("fieldSelector") != "metadata.name=gondor" {
			t.Errorf("asked %s", r.URL)
		}
		answer(w, http.StatusOK, `{"type":"ADDED","object":{"apiVersion":"federation.fedhelm.io/v1beta1","kind":"Cluster","metadata":{"name":"gondor"}}}`)
	})
	changes, err := api.Watch(t.Context(), "gondor")
	if err != nil {
		t.Fatal(err)
	}
	defer changes.Stop()
	if event := <-changes.ResultChan(); event.Object.(*fedv1beta1.Cluster).Name != "gondor" {
		t.Errorf("saw %+v", event)
	}
}

func TestOpenAPI(t *testing.T) {
	published := func(entry kubeconfig.Entry) *corev1.Secret {
		data, err := kubeconfig.Encode(kubeconfig.New(entry))
		if err != nil {
			t.Fatal(err)
		}
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fellowship.KubeconfigSecret(), Namespace: fellowship.Namespace}, Data: map[string][]byte{KubeconfigKey: data}}
	}
	entry := kubeconfig.Entry{Name: "fellowship", Server: "https://192.0.2.1", CA: []byte("ca"), Token: "t"}
	tuned := false
	api, err := OpenAPI(t.Context(), fake.NewClientset(published(entry)), fellowship, func(c *rest.Config) {
		tuned = true
		c.TLSClientConfig = rest.TLSClientConfig{Insecure: true} // the authority above is none
	})
	if err != nil || api.Server != "https://192.0.2.1" || !tuned {
		t.Errorf("OpenAPI = %+v, %v", api, err)
	}
	if _, err := OpenAPI(t.Context(), fake.NewClientset(), fellowship, nil); !errors.Is(err, ErrNotPublished) {
		t.Errorf("before it is published: %v, want ErrNotPublished", err)
	}
	plain := entry
	plain.Server = "http://192.0.2.1"
	if _, err := OpenAPI(t.Context(), fake.NewClientset(published(plain)), fellowship, nil); err == nil {
		t.Error("a server without encryption was used")
	}
}
