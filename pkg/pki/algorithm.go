package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
)

// Algorithm is the kind of key that certificates are made for.
type Algorithm string

// The algorithms. The zero value of Algorithm means ECDSA.
const (
	ECDSA Algorithm = "ecdsa" // P-256
	RSA   Algorithm = "rsa"   // 2048 bits for leaves, 3072 for authorities
)

// ParseAlgorithm returns the algorithm that is called name.
func ParseAlgorithm(name string) (Algorithm, error) {
	switch a := Algorithm(name); a {
	case ECDSA, RSA:
		return a, nil
	}
	return "", fmt.Errorf("unknown key algorithm %q: choose %s or %s", name, ECDSA, RSA)
}

// algorithmOf returns the algorithm of a public key, or "" for one that this
// package does not make (an Ed25519 key of a user's own, say).
func algorithmOf(public crypto.PublicKey) Algorithm {
	switch public.(type) {
	case *ecdsa.PublicKey:
		return ECDSA
	case *rsa.PublicKey:
		return RSA
	}
	return ""
}
