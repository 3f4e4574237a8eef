package fedapi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// Member is a cluster that is a member of a federation, or can become one.
type Member struct {
	*apiserver.Server
	Name string
	// Client is for a user who may do everything.
	Client kubernetes.Interface
}

// StartMember starts the API server of a cluster, with further flags of kube-apiserver. Nothing else runs in the cluster: what its controllers
// do is up to the test.
func StartMember(tb testing.TB, name string, flags ...string) *Member {
	tb.Helper()
	m := &Member{Server: apiserver.StartMember(tb, flags...), Name: name}
	var err error
	if m.Client, err = kubernetes.NewForConfig(m.Admin(tb)); err != nil {
		tb.Fatal(err)
	}
	return m
}

// Join makes m a member whose Cluster has these labels, and does not wait until it is Ready. The credentials are those of a user who may do
// everything, in a kubeconfig, and in the federation API: there is no host cluster beside it.
func (a *API) Join(tb testing.TB, m *Member, labels map[string]string) {
	tb.Helper()
	admin := m.Admin(tb)
	kubeconfig, err := clientcmd.Write(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{m.Name: {Server: m.URL, CertificateAuthorityData: admin.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{m.Name: {ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData}},
		Contexts:       map[string]*clientcmdapi.Context{m.Name: {Cluster: m.Name, AuthInfo: m.Name}},
		CurrentContext: m.Name,
	})
	if err != nil {
		tb.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.Name, Annotations: map[string]string{fedv1beta1.AnnotationFederate: "false"},
			Labels: map[string]string{fedv1beta1.LabelFederation: Federation, fedv1beta1.LabelCluster: m.Name},
		},
		Data: map[string][]byte{"kubeconfig": kubeconfig},
	}
	if _, err := a.Kubernetes.CoreV1().Secrets(Namespace).Create(tb.Context(), secret, metav1.CreateOptions{}); err != nil {
		tb.Fatal(err)
	}
	cluster := &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: m.Name, Labels: labels},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: m.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: m.Name},
		},
	}
	if err := a.Client.Create(tb.Context(), cluster); err != nil {
		tb.Fatal(err)
	}
}
