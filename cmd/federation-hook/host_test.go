package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// apiServer speaks as much of the Kubernetes API as the hooks' clients use.
type apiServer struct {
	mu       sync.Mutex
	revision int
	secrets  map[string]*corev1.Secret
	service  corev1.Service
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	const secrets = "/api/v1/namespaces/ns/secrets"
	name := path.Base(r.URL.Path)
	switch {
	case r.URL.Path == "/api/v1/namespaces/ns/services/fellowship-apiserver":
		reply(w, http.StatusOK, a.service)
	case r.URL.Path == secrets && r.Method == http.MethodGet:
		if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			reply(w, http.StatusForbidden, status(http.StatusForbidden, metav1.StatusReasonForbidden))
			return
		}
		reply(w, http.StatusOK, a.members(r.URL.Query().Get("labelSelector")))
	case r.URL.Path == secrets && r.Method == http.MethodPost:
		a.put(w, r)
	case path.Dir(r.URL.Path) != secrets || a.secrets[name] == nil:
		reply(w, http.StatusNotFound, status(http.StatusNotFound, metav1.StatusReasonNotFound))
	case r.Method == http.MethodPut:
		a.put(w, r)
	case r.Method == http.MethodDelete:
		delete(a.secrets, name)
		reply(w, http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
	default:
		reply(w, http.StatusOK, a.secrets[name])
	}
}

func (a *apiServer) put(w http.ResponseWriter, r *http.Request) {
	var s corev1.Secret
	body, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(body, &s); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.revision++
	s.TypeMeta = metav1.TypeMeta{Kind: "Secret", APIVersion: "v1"}
	s.ResourceVersion, s.UID = strconv.Itoa(a.revision), "uid"
	a.secrets[s.Name] = &s
	reply(w, http.StatusOK, s)
}

func (a *apiServer) members(selector string) metav1.PartialObjectMetadataList {
	list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"}}
	for _, s := range a.secrets {
		if s.Labels["federation.fedhelm.io/cluster"] != "" && strings.Contains(selector, "federation.fedhelm.io/federation=fellowship") {
			list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: s.ObjectMeta})
		}
	}
	return list
}

func status(code int32, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: code, Reason: reason}
}

func reply(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

// hostKubeconfig writes a kubeconfig that leads to the server.
func hostKubeconfig(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["host"] = &clientcmdapi.Cluster{Server: server}
	config.Contexts["host"] = &clientcmdapi.Context{Cluster: "host"}
	config.CurrentContext = "host"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// The commands, one after the other, as a chart's hooks run them.
func TestLifeOfARelease(t *testing.T) {
	api := &apiServer{secrets: map[string]*corev1.Secret{}, service: corev1.Service{
		TypeMeta: metav1.TypeMeta{Kind: "Service", APIVersion: "v1"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIPs: []string{"10.96.0.9"}, Ports: []corev1.ServicePort{{Name: "https", Port: 443}},
		},
	}}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	kubeconfig := hostKubeconfig(t, server.URL)
	hook := func(code int, says, command string, flags ...string) {
		t.Helper()
		var out bytes.Buffer
		args := append([]string{command, "--federation=fellowship", "--namespace=ns", "--kubeconfig=" + kubeconfig}, flags...)
		if got := run(t.Context(), args, &out); got != code || !strings.Contains(out.String(), says) {
			t.Fatalf("%s ends with %d, want %d and %q:\n%s", command, got, code, says, out.String())
		}
	}
	hook(0, "secret ns/fellowship-ca: made", "pki", "--token-auth")
	hook(0, "federation fellowship answers at https://10.96.0.9", "publish", "--token-auth", "--service-type=ClusterIP")
	hook(0, "secret ns/fellowship-kubeconfig: kept", "renew", "--token-auth")
	if got := api.secrets["fellowship-apiserver-certs"].Annotations["federation.fedhelm.io/published-addresses"]; got != "10.96.0.9" {
		t.Errorf("published addresses are %q", got)
	}

	member := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "gondor", Namespace: "ns", Labels: map[string]string{"federation.fedhelm.io/cluster": "gondor"}}}
	api.secrets["gondor"] = member
	hook(1, "fedhelm unjoin gondor", "teardown")
	api.service.Annotations = map[string]string{"federation.fedhelm.io/teardown": "force"}
	hook(0, "gondor", "teardown")

	hook(0, "secret ns/fellowship-ca: deleted", "cleanup")
	if len(api.secrets) != 1 || api.secrets["gondor"] == nil {
		t.Errorf("%d Secrets are left", len(api.secrets))
	}
}
