package clusterdns

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCorefile(t *testing.T) {
	tests := []struct {
		name, text string
		want       Corefile
	}{
		{"kubeadm's", kubeadm, Corefile{Domains: []string{"cluster.local"}, Port: "53", Reload: true}},
		{
			"keys in several lines, each with its port",
			"10.0.0.0/8:54, .:53,\n cluster.local:55 {\n kubernetes Cluster.Local. 10.0.0.0/8\n}",
			Corefile{Domains: []string{"cluster.local"}, Port: "53"},
		},
		{
			"two domains, the first of which is served by a key of its own",
			"tls://. other:1 a.b:2 {\n kubernetes a.b other {\n  pods verified\n }\n reload 2s\n}",
			Corefile{Domains: []string{"a.b", "other"}, Port: "2", Reload: true},
		},
		{"the domains are the server block's when the plug-in names none", "cluster.local in-addr.arpa {\n kubernetes\n}", Corefile{Domains: []string{"cluster.local"}}},
		{"no domain when they are the root", ". {\n kubernetes\n}", Corefile{}},
		{"no domain when the environment has it", ". {\n kubernetes {$DOMAIN} in-addr.arpa\n}", Corefile{}},
		{
			"plug-ins that come from snippets",
			"(a) {\n bind 10.0.0.10\n import b\n import a\n}\n(b) {\n reload\n kubernetes cluster.local\n}\n.:1053 {\n import a\n import files/*\n}",
			Corefile{Domains: []string{"cluster.local"}, Port: "1053", Bind: []string{"bind 10.0.0.10"}, Reload: true},
		},
		{
			"imports at the top, and blocks of federations",
			kubeadm + "import /etc/coredns/custom/*.server # yours\n" + fellowshipBlock,
			Corefile{
				Domains: []string{"cluster.local"}, Port: "53", Reload: true, Imports: []string{"/etc/coredns/custom/*.server"},
				Owners: []Owner{{"federation-system", "fellowship"}},
			},
		},
		{"reload of another server block counts", "a {\n reload\n}\nb {\n kubernetes b\n}", Corefile{Domains: []string{"b"}, Reload: true}},
		{"a snippet that nobody imports does not", "(s) {\n reload\n}\nb {\n kubernetes b\n}", Corefile{Domains: []string{"b"}}},
		{"bind with a block of its own", ". {\n bind a b { # both\n  except c\n }\n kubernetes b\n}", Corefile{Domains: []string{"b"}, Bind: []string{"bind a b { # both\n  except c\n }"}}},
		{"comments hide what is in them, and end at white space right behind a word", ". {\n errors#kubernetes a\n # kubernetes a\n kubernetes b#c d\n}", Corefile{Domains: []string{"b", "d"}}},
		{"quotes", "\"a:5\" {\n \"kubernetes\" \"a\"\n log \"{ \\\" }\n kubernetes c\"\n}", Corefile{Domains: []string{"a"}, Port: "5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadCorefile(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadCorefileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                `no server block of the Corefile has the plug-in "kubernetes"`,
		". {\n forward . 1.1.1.1\n}":      "kubernetes",
		"(s) {\n kubernetes a\n}\n. {\n}": "kubernetes",
		". {\n errors }\n}":               `line 2: "}" without its counterpart`,
		". {\n errors":                    "the file ends within a server block",
		"(s)\nerrors":                     "a snippet without braces",
		"(s) {\n errors {\n}":             "the file ends within a server block",
		"import":                          "line 1: import of nothing",
		"import a b":                      "line 1: import of more than one thing",
		". {\n import\n}":                 "line 2: import of nothing",
		"a,\nimport b":                    "line 2: import among addresses",
		"a, {\n}":                         "no address between a comma",
		"a \"b":                           "line 1: a quoted string without an end",
	} {
		if got, err := ReadCorefile(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadCorefile(%q) = %+v, %v; want %q", text, got, err, want)
		}
	}
}
