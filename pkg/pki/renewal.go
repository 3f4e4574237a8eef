package pki

import (
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Due reports whether a certificate has used two thirds of its life.
func Due(cert *x509.Certificate, now time.Time) bool {
	life := cert.NotAfter.Sub(cert.NotBefore)
	return !now.Before(cert.NotBefore.Add(life / 3 * 2))
}

// Outdated says why pair has to be made anew so as to be what is wanted, signed
// by ca. It returns "" for a certificate to keep. An empty Algorithm accepts
// any key.
func Outdated(pair Pair, want Leaf, ca *x509.Certificate, algorithm Algorithm, now time.Time) string {
	if len(pair.Cert) == 0 || len(pair.Key) == 0 {
		return "it is missing"
	}
	if why := Mismatch(pair, want); why != "" {
		return why
	}
	certs, err := ParseBundle(pair.Cert)
	if err != nil {
		return err.Error()
	}
	cert := certs[0]
	switch {
	case cert.CheckSignatureFrom(ca) != nil:
		return "the signing authority is another one now"
	case algorithm != "" && algorithmOf(cert.PublicKey) != algorithm:
		return fmt.Sprintf("its key is %s, want %s", algorithmOf(cert.PublicKey), algorithm)
	case !sameSet(cert.DNSNames, want.DNSNames) || !sameSet(texts(cert.IPAddresses), texts(want.IPs)):
		return "its names are no longer those wanted"
	case len(cert.ExtKeyUsage) != len(want.Usage.extended()):
		return "its usages are no longer those wanted"
	case now.Before(cert.NotBefore):
		return "it is not valid before " + cert.NotBefore.Format(time.RFC3339)
	case !now.Before(cert.NotAfter):
		return "it expired on " + cert.NotAfter.Format(time.RFC3339)
	case Due(cert, now):
		return "two thirds of its life are over"
	}
	return ""
}

// Mismatch says in what pair, whoever signed it, falls short of what is wanted:
// unreadable, key of another certificate, wrong subject, usage missing, name
// missing. More names and usages than wanted are no fault. "" means none.
func Mismatch(pair Pair, want Leaf) string {
	certs, err := ParseBundle(pair.Cert)
	if err != nil {
		return err.Error()
	}
	key, err := ParseKey(pair.Key)
	if err != nil {
		return err.Error()
	}
	cert := certs[0]
	if !SamePublicKey(cert.PublicKey, key.Public()) {
		return "the private key belongs to another certificate"
	}
	if cert.Subject.CommonName != want.CommonName {
		return fmt.Sprintf("it is for %q, want %q", cert.Subject.CommonName, want.CommonName)
	}
	if !sameSet(cert.Subject.Organization, want.Organizations) {
		return fmt.Sprintf("its organizations (groups) are %q, want %q", cert.Subject.Organization, want.Organizations)
	}
	for _, usage := range want.Usage.extended() {
		if !slices.Contains(cert.ExtKeyUsage, usage) && !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny) {
			return "it lacks the extended key usage " + usageName(usage)
		}
	}
	if missing := missingNames(cert, want); len(missing) > 0 {
		return "it lacks the names " + strings.Join(missing, ", ")
	}
	return ""
}

func missingNames(cert *x509.Certificate, want Leaf) []string {
	var missing []string
	for _, name := range append(slices.Clone(want.DNSNames), texts(want.IPs)...) {
		has := slices.Contains(cert.DNSNames, name) || slices.Contains(texts(cert.IPAddresses), name)
		if !has {
			missing = append(missing, name)
		}
	}
	return missing
}

func usageName(u x509.ExtKeyUsage) string {
	if u == x509.ExtKeyUsageServerAuth {
		return "serverAuth"
	}
	return "clientAuth"
}

func texts(ips []net.IP) []string {
	out := make([]string, 0, len(ips))
	for _, ip := range ips {
		out = append(out, ip.String())
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
