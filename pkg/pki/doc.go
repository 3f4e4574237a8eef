// Package pki makes certification authorities, leaf certificates and keys, and
// decides when a leaf has to be made anew. It takes and returns bytes: where
// they are kept is the caller's affair.
//
// Private keys are PKCS #8 ("PRIVATE KEY"), public keys PKIX ("PUBLIC KEY"),
// certificates PEM blocks of type "CERTIFICATE". No error of this package
// contains key material.
package pki
