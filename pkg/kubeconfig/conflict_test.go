package kubeconfig

import (
	"errors"
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestConflicts(t *testing.T) {
	ours, theirs := ca(t), ca(t)
	bundle := slices.Concat(theirs, ours)
	existing := func(change func(*clientcmdapi.Config)) string {
		c := New(fellowship(ours))
		change(c)
		b, err := Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tests := []struct {
		name     string
		file     string
		incoming *clientcmdapi.Config
		want     []string // parts of the message; none means no conflict
	}{
		{name: "an empty file conflicts with nothing", file: "", incoming: New(fellowship(ours))},
		{name: "entries of other names conflict with nothing", file: foreignFile, incoming: New(fellowship(ours))},
		{
			name: "a cluster with our CA is ours at any address", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) { c.Clusters["fellowship"].Server = "https://elsewhere" }),
		},
		{
			name: "our CA under another server name is another cluster of the same authority", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) { c.Clusters["fellowship"].TLSServerName = "" }),
			want: []string{`cluster "fellowship"`},
		},
		{
			name: "a bundle that holds our CA makes it ours", incoming: New(fellowship(bundle)),
			file: existing(func(*clientcmdapi.Config) {}),
		},
		{
			name: "another CA makes it somebody else's", incoming: New(fellowship(theirs)),
			file: existing(func(*clientcmdapi.Config) {}),
			want: []string{`cluster "fellowship"`, "https://172.30.0.50", "--kubeconfig", "delete-context fellowship"},
		},
		{
			name: "no CA at all makes it somebody else's", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) { c.Clusters["fellowship"].CertificateAuthorityData = nil }),
			want: []string{`cluster "fellowship"`},
		},
		{
			name: "before the first init everything of the name is somebody else's",
			file: existing(func(*clientcmdapi.Config) {}), want: []string{`cluster "fellowship"`},
		},
		{
			name: "a context that leads elsewhere is reported", incoming: New(fellowship(ours)),
			file: "contexts:\n- name: fellowship\n  context: {cluster: isengard, user: saruman}\n",
			want: []string{`context "fellowship"`, `leads to cluster "isengard"`},
		},
		{
			name: "a user that another cluster's context needs is reported", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) {
				c.Contexts["bree"] = &clientcmdapi.Context{Cluster: "bree", AuthInfo: "fellowship"}
			}),
			want: []string{`user "fellowship"`, `context "bree" uses it`},
		},
		{
			name: "a second context of the user's for our cluster is no conflict", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) {
				c.Contexts["dev"] = &clientcmdapi.Context{Cluster: "fellowship", AuthInfo: "fellowship", Namespace: "dev"}
			}),
		},
		{
			name: "a user without its cluster is reported", incoming: New(fellowship(ours)),
			file: "users:\n- name: fellowship\n  user: {token: gollum}\n",
			want: []string{`user "fellowship"`, "no cluster of that name"},
		},
		{
			name: "a user without its cluster but with our credential is ours", incoming: New(fellowship(ours)),
			file: existing(func(c *clientcmdapi.Config) { c.Clusters, c.Contexts = nil, nil }),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "config", tt.file)
			err := Conflicts([]string{path}, "fellowship", tt.incoming)
			if len(tt.want) == 0 {
				if err != nil {
					t.Errorf("Conflicts = %v, want none", err)
				}
				return
			}
			if !errors.Is(err, ErrNotOurs) {
				t.Fatalf("Conflicts = %v, want ErrNotOurs", err)
			}
			for _, part := range append(tt.want, path) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("message lacks %q: %v", part, err)
				}
			}
			if got := read(t, path); got != tt.file {
				t.Errorf("the file was changed:\n%s", got)
			}
		})
	}
}

func TestIsOursReadsReferencedFiles(t *testing.T) {
	bundle := ca(t)
	path := write(t, "ca.crt", string(bundle))
	if !IsOurs(&clientcmdapi.Cluster{CertificateAuthorityData: bundle})(&clientcmdapi.Cluster{CertificateAuthority: path}) {
		t.Error("a CA given by file is not recognised")
	}
	if IsOurs(&clientcmdapi.Cluster{CertificateAuthorityData: bundle})(&clientcmdapi.Cluster{CertificateAuthority: path + ".gone"}) {
		t.Error("a missing file passes for our CA")
	}
}
