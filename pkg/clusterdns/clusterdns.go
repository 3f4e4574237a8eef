// Package clusterdns tells a cluster's DNS of a federation, and makes it forget: one entry in kube-dns' configuration,
// one marked server block in a Corefile. Text in, text out; every other byte of the text stays what it was, and taking
// our part out again gives exactly the text that there was before.
package clusterdns

import (
	"fmt"
	"strings"
)

// Owner says whose a block of a Corefile is: two federations of one name, run from two namespaces, are told apart.
type Owner struct {
	Namespace  string // of the federation in its host cluster
	Federation string
}

// String is how the marks name the owner: NAMESPACE/FEDERATION.
func (o Owner) String() string { return o.Namespace + "/" + o.Federation }

// Domain is where the federation's names are, in a cluster with this domain.
func (o Owner) Domain(clusterDomain string) string {
	return o.Federation + ".svc." + clusterDomain
}

// isLabel says whether s is a label as RFC 1123 has it.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// isSubdomain says whether s is a subdomain as RFC 1123 has it: without a dot at its end.
func isSubdomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func (o Owner) validate() error {
	for what, name := range map[string]string{"namespace": o.Namespace, "federation": o.Federation} {
		if !isLabel(name) {
			return fmt.Errorf("%s %q is no RFC 1123 label", what, name)
		}
	}
	return nil
}
