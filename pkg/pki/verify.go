package pki

import (
	"crypto/x509"
	"errors"
	"time"
)

// Verify reports whether who trusts roots accepts the leaf, the first of chain,
// for the usage at that time. The rest of chain may help to get to a root.
func Verify(chain, roots []*x509.Certificate, usage Usage, at time.Time) error {
	if len(chain) == 0 {
		return errors.New("there is no certificate")
	}
	for _, u := range usage.extended() {
		_, err := chain[0].Verify(x509.VerifyOptions{
			Roots:         Pool(roots),
			Intermediates: Pool(chain[1:]),
			CurrentTime:   at,
			KeyUsages:     []x509.ExtKeyUsage{u},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
