package kubeconfig

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestNewSurvivesEncoding(t *testing.T) {
	e := fellowship(ca(t))
	e.Token = "precious"
	e.BasicAuth = &Basic{Username: "admin", Password: "friend"}
	want := New(e)
	b, err := Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Decode(Encode(c)) differs from c (-want +got):\n%s", diff)
	}
}

func TestNewEmbedsEverythingUnderOneName(t *testing.T) {
	e := fellowship(ca(t))
	e.Token = "precious"
	e.BasicAuth = &Basic{Username: "admin", Password: "friend"}
	want := &clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"fellowship": {
			Server: e.Server, CertificateAuthorityData: e.CA, TLSServerName: e.TLSServerName,
		}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{
			"fellowship":            {ClientCertificateData: e.ClientCert, ClientKeyData: e.ClientKey, Token: "precious"},
			"fellowship-basic-auth": {Username: "admin", Password: "friend"},
		},
		Contexts:       map[string]*clientcmdapi.Context{"fellowship": {Cluster: "fellowship", AuthInfo: "fellowship"}},
		CurrentContext: "fellowship",
	}
	got := New(e)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("New(e) (-want +got):\n%s", diff)
	}
}

func TestFileReferencesEmbedNothing(t *testing.T) {
	c := FileReferences("fellowship", "https://fellowship-apiserver.federation-system.svc")
	b, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	cluster, user := got.Clusters["fellowship"], got.AuthInfos["fellowship"]
	if cluster.CertificateAuthority != "ca.crt" || user.ClientCertificate != "client.crt" || user.ClientKey != "client.key" {
		t.Errorf("paths are not relative to the kubeconfig: %+v, %+v", cluster, user)
	}
	if len(cluster.CertificateAuthorityData)+len(user.ClientCertificateData)+len(user.ClientKeyData) != 0 {
		t.Error("data is embedded beside the paths")
	}
}
