package join

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// The authority may be a public one, which signs for everybody: the name is what tells the member from others.
func TestClusterThatWasLedElsewhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(*meeting)
		wants  []string
	}{
		{name: "gets no new token there", before: func(*meeting) {}, wants: []string{`is not for "192.0.2.10"`, "--cluster-endpoint"}},
		{
			name: "gets none with its Secret gone", wants: []string{`is not for "192.0.2.10"`, "--cluster-endpoint"},
			before: func(m *meeting) {
				m.must(m.host.CoreV1().Secrets(m.ref.Namespace).Delete(context.Background(), "fellowship.gondor", metav1.DeleteOptions{}))
			},
		},
		{
			name: "gets none with another's Secret", wants: []string{`is not for "192.0.2.10"`, `belongs to member "mordor"`},
			before: func(m *meeting) {
				s := m.secret("fellowship.gondor")
				s.Name, s.Labels[fedv1beta1.LabelCluster], s.Data[members.TLSServerNameKey] = "mordor", "mordor", []byte("mordor.example.com")
				m.must(m.host.Tracker().Add(s))
				m.realm.all["gondor"].Spec.SecretRef.Name = "mordor"
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			if _, err := m.join(m.options()); err != nil {
				t.Fatal(err)
			}
			m.realm.all["gondor"].Spec.ServerAddressByClientCIDRs[0].ServerAddress = "https://mordor.example.com"
			tt.before(m)
			m.serve(m.authority.Server(t, "mordor.example.com"))
			o := m.options()
			o.Refresh = true
			m.refuses(o, tt.wants...)
		})
	}
}

func TestAddressThatOthersMayWrite(t *testing.T) {
	t.Parallel()
	at := func(address string) *fedv1beta1.Cluster {
		return &fedv1beta1.Cluster{Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: address}}, SecretRef: &fedv1beta1.SecretReference{Name: "s"},
		}}
	}
	tests := []struct {
		name     string
		endpoint string // that the user chose
		known    *fedv1beta1.Cluster
		stored   *members.Credential
		url      string
		server   string // its name
		strict   bool
	}{
		{name: "a new member's is the kubeconfig's", url: gondorServer, server: "192.0.2.10"},
		{name: "the one that was chosen is the user's", endpoint: "https://a.example", known: at("https://b.example"), stored: &members.Credential{TLSServerName: "b"}, url: "https://a.example", server: "a.example"},
		{name: "the same as the kubeconfig's is the user's", known: at("192.0.2.10:6443"), stored: &members.Credential{}, url: gondorServer, server: "192.0.2.10"},
		{name: "another must be the server that was joined", known: at("https://b.example"), stored: &members.Credential{TLSServerName: "a.example"}, url: "https://b.example", server: "a.example", strict: true},
		{name: "without a name to go by, that is its own", known: at("https://b.example"), stored: &members.Credential{}, url: "https://b.example", server: "b.example", strict: true},
		{name: "without a Secret it must be the kubeconfig's server", known: at("https://b.example"), url: "https://b.example", server: "192.0.2.10", strict: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := joinRun{JoinOptions: newMeeting(t).options()}
			r.Endpoint = tt.endpoint
			r.decide(tt.known, tt.stored)
			if strict := r.authority(tt.stored).Strict; r.endpoint.URL != tt.url || r.serverName != tt.server || strict != tt.strict {
				t.Errorf("joined at %s with the name %q, strict: %t; want %s, %q, %t", r.endpoint.URL, r.serverName, strict, tt.url, tt.server, tt.strict)
			}
		})
	}
}
