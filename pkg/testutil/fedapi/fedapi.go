// Package fedapi gives integration tests a real API server as a federation's, a manager of controllers as the controller manager has one, and
// real API servers as members.
package fedapi

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/hooks/bootstrap"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

const (
	// Federation is the name of the federation.
	Federation = "fellowship"
	// Namespace is where the credentials of members are, whichever cluster that is in.
	Namespace = "federation-system"
)

// API is the API server of a federation.
type API struct {
	*apiserver.Server
	// Scheme has the kinds of Kubernetes and those of federations.
	Scheme *runtime.Scheme
	// Kubernetes and Client are for a user who may do everything.
	Kubernetes kubernetes.Interface
	Client     client.Client
}

// Start returns when the API has all that bootstrap gives it, Namespace, and the further namespaces.
func Start(tb testing.TB, namespaces ...string) *API {
	tb.Helper()
	a := &API{Server: apiserver.Start(tb), Scheme: runtime.NewScheme()}
	Bootstrap(tb, a.Server)
	err := errors.Join(clientgoscheme.AddToScheme(a.Scheme), fedv1beta1.AddToScheme(a.Scheme))
	if err != nil {
		tb.Fatal(err)
	}
	if a.Kubernetes, err = kubernetes.NewForConfig(a.Admin(tb)); err != nil {
		tb.Fatal(err)
	}
	if a.Client, err = client.New(a.Admin(tb), client.Options{Scheme: a.Scheme}); err != nil {
		tb.Fatal(err)
	}
	for _, name := range append([]string{Namespace}, namespaces...) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := a.Kubernetes.CoreV1().Namespaces().Create(tb.Context(), namespace, metav1.CreateOptions{}); err != nil {
			tb.Fatal(err)
		}
	}
	return a
}

// Bootstrap gives a server what the control plane's chart gives a federation's before the controller manager starts.
func Bootstrap(tb testing.TB, server *apiserver.Server) {
	tb.Helper()
	err := bootstrap.Run(tb.Context(), bootstrap.Options{API: server.REST(tb), CRDs: fedv1beta1.CRDs(), Timeout: time.Minute})
	if err != nil {
		tb.Fatal(err)
	}
}
