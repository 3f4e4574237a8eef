package verify

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

const (
	ready     = "/readyz"
	crd       = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.federation.fedhelm.io"
	namespace = "/api/v1/namespaces/default"
)

// healthy answers as a federation API that has everything.
func healthy() map[string]string {
	return map[string]string{
		ready:     "ok",
		crd:       `{"status":{"conditions":[{"type":"Established","status":"True"}]}}`,
		namespace: `{"status":{"phase":"Active"}}`,
	}
}

func client(t *testing.T, answers map[string]string, trusted bool) rest.Interface {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			http.Error(w, "[+]ping ok\n[-]etcd failed: reason withheld\n", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{
		NegotiatedSerializer: serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion(),
	}}
	if trusted {
		config.Transport = server.Client().Transport
	}
	api, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestRun(t *testing.T) {
	tests := []struct {
		name    string
		change  func(map[string]string)
		trusted bool
		failed  int
		says    string
	}{
		{"everything is well", func(map[string]string) {}, true, 0, ""},
		{"a certificate that is not trusted fails every check", func(map[string]string) {}, false, 3, "certificate"},
		{"a check of the API server fails", func(m map[string]string) { delete(m, ready) }, true, 1, "not ready yet: etcd"},
		{"the definition is missing", func(m map[string]string) { delete(m, crd) }, true, 1, "clusters.federation.fedhelm.io"},
		{"the definition is not served", func(m map[string]string) { m[crd] = `{}` }, true, 1, "not established"},
		{"the definition's names are taken", func(m map[string]string) {
			m[crd] = `{"status":{"conditions":[{"type":"NamesAccepted","status":"False","message":"taken"}]}}`
		}, true, 1, "taken"},
		{"the namespace is going", func(m map[string]string) { m[namespace] = `{"status":{"phase":"Terminating"}}` }, true, 1, "Terminating"},
		{"two at once are both named", func(m map[string]string) { delete(m, ready); m[namespace] = `{}` }, true, 2, "not ready yet: etcd\nnamespace"},
		{"an answer that is no JSON", func(m map[string]string) { m[namespace] = `<html>` }, true, 1, "read the answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := healthy()
			tt.change(answers)
			var out bytes.Buffer
			err := Run(t.Context(), Options{API: client(t, answers, tt.trusted), Out: &out})
			if (err != nil) != (tt.failed > 0) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Run = %v, want %q", err, tt.says)
			}
			if n := strings.Count(out.String(), "\n"); n != 3 {
				t.Errorf("%d lines, want one for each check:\n%s", n, out.String())
			}
			if n := strings.Count(out.String(), "FAILED"); n != tt.failed {
				t.Errorf("%d checks failed, want %d:\n%s", n, tt.failed, out.String())
			}
		})
	}
}
