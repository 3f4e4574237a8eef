package kubeconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestPublishedReadsWhatNewWrote(t *testing.T) {
	want := fellowship(ca(t))
	want.Token = "mellon"
	want.BasicAuth = &Basic{Username: "admin", Password: "mellon"}
	data, err := Encode(New(want))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Published(data, want.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPublishedRefusesWhatAFederationDoesNotPublish(t *testing.T) {
	authority := ca(t)
	tests := []struct {
		name   string
		change func(c *clientcmdapi.Config, cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo)
		want   string
	}{
		{
			name: "a program to run",
			change: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				user.Exec = &clientcmdapi.ExecConfig{Command: "sh", APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
			},
			want: `user "fellowship"`,
		},
		{
			name: "an auth provider",
			change: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				user.AuthProvider = &clientcmdapi.AuthProviderConfig{Name: "oidc"}
			},
			want: `user "fellowship"`,
		},
		{
			name: "a token from a local file",
			change: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				user.TokenFile = "/etc/shadow"
			},
			want: `user "fellowship"`,
		},
		{
			name: "a certificate from a local file",
			change: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				user.ClientCertificate, user.ClientCertificateData = "/home/frodo/client.crt", nil
			},
			want: `user "fellowship"`,
		},
		{
			name: "somebody to impersonate",
			change: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				user.Impersonate = "sauron"
			},
			want: `user "fellowship"`,
		},
		{
			name: "a server that is not verified",
			change: func(_ *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				cluster.InsecureSkipTLSVerify, cluster.CertificateAuthorityData = true, nil
			},
			want: "no certificate authority",
		},
		{
			name: "a proxy",
			change: func(_ *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				cluster.ProxyURL = "http://mordor.example.com"
			},
			want: `cluster "fellowship"`,
		},
		{
			name: "a server without TLS",
			change: func(_ *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				cluster.Server = "http://mordor.example.com"
			},
			want: "no https URL",
		},
		{
			name: "a cluster of another name",
			change: func(c *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				c.Clusters["rohan"] = cluster.DeepCopy()
			},
			want: `cluster "rohan"`,
		},
		{
			name: "a user of another name",
			change: func(c *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
				c.AuthInfos["rohan"] = user.DeepCopy()
			},
			want: `user "rohan"`,
		},
		{
			name: "a context that leads elsewhere",
			change: func(c *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				c.Contexts["fellowship"].Cluster = "rohan"
			},
			want: `context "fellowship"`,
		},
		{
			name: "no cluster at all",
			change: func(c *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				delete(c.Clusters, "fellowship")
			},
			want: `no cluster "fellowship"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := New(fellowship(authority))
			tt.change(c, c.Clusters["fellowship"], c.AuthInfos["fellowship"])
			data, err := Encode(c)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Published(data, "fellowship")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that names %s", err, tt.want)
			}
		})
	}
}
