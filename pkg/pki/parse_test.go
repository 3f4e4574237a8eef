package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

func TestParseBundle(t *testing.T) {
	g := at(start)
	a, b := newAuthority(t, g).Cert, newAuthority(t, g).Cert
	one, two := string(EncodeBundle([]*x509.Certificate{a})), string(EncodeBundle([]*x509.Certificate{b}))
	key, err := EncodeKey(newAuthority(t, g).Key)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		in   string
		want []*x509.Certificate
		err  string
	}{
		{"order is kept", one + two, []*x509.Certificate{a, b}, ""},
		{"text around the blocks is passed over", "# first\n" + one + "\n# second\n" + two + "end\n", []*x509.Certificate{a, b}, ""},
		{"Windows line ends", strings.ReplaceAll(one, "\n", "\r\n"), []*x509.Certificate{a}, ""},
		{"nothing", "", nil, "no certificate"},
		{"no PEM", "hello", nil, "no certificate"},
		{"a key among the certificates", one + string(key), nil, `"PRIVATE KEY"`},
		{"a first block that is damaged is not passed over", strings.Replace(one, "-----END", "-----EMD", 1) + two, nil, "damaged"},
		{"a last block that is cut off", one + two[:len(two)-40], nil, "damaged"},
		{"a block that is no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", nil, "certificate 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseBundle([]byte(tt.in))
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if !slices.EqualFunc(got, tt.want, (*x509.Certificate).Equal) {
				t.Errorf("got %d certificates, want %d", len(got), len(tt.want))
			}
		})
	}
}

// What was read is written in the same order, and reading that gives the same;
// nothing between a BEGIN and an END is lost without an error.
func FuzzParseBundle(f *testing.F) {
	ca, err := at(start).Authority(pkix.Name{CommonName: "ca"}, year)
	if err != nil {
		f.Fatal(err)
	}
	good := EncodeBundle([]*x509.Certificate{ca.Cert})
	f.Add(good)
	f.Add(slices.Concat(good, []byte("# x\n"), good))
	f.Add(good[:len(good)/2])
	f.Add(slices.Concat(good[:len(good)/2], good))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		certs, err := ParseBundle(in)
		if err != nil {
			return
		}
		if n := bytes.Count(in, []byte("-----BEGIN ")); n != len(certs) {
			t.Errorf("%d certificates of %d blocks", len(certs), n)
		}
		again, err := ParseBundle(EncodeBundle(certs))
		if err != nil || !slices.EqualFunc(certs, again, (*x509.Certificate).Equal) {
			t.Errorf("reading what was written: %d certificates instead of %d, error %v", len(again), len(certs), err)
		}
	})
}

func TestParseKeyReadsWhatOtherToolsWrite(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := EncodeKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	tests := []struct {
		name string
		in   []byte
		want any
	}{
		{"our own PKCS #8", pkcs8, ec.Public()},
		{"SEC 1 of openssl ec", block("EC PRIVATE KEY", sec1), ec.Public()},
		{"SEC 1 behind its parameters", append(block("EC PARAMETERS", []byte{6, 0}), block("EC PRIVATE KEY", sec1)...), ec.Public()},
		{"PKCS #1 of openssl rsa", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), r.Public()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := ParseKey(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if !SamePublicKey(key.Public(), tt.want) {
				t.Error("it is another key")
			}
		})
	}
}

func TestParseKeyShowsNothingOfTheKey(t *testing.T) {
	for _, kind := range []string{"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "SOMETHING"} {
		t.Run(kind, func(t *testing.T) {
			_, err := ParseKey(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("hunter2")}))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, leak := range []string{"hunter2", "aHVudGVyMg"} {
				if strings.Contains(err.Error(), leak) {
					t.Errorf("the error shows it: %v", err)
				}
			}
		})
	}
}

func TestParseAuthority(t *testing.T) {
	g := at(start)
	old, next := newAuthority(t, g), newAuthority(t, g)
	bundle := EncodeBundle([]*x509.Certificate{next.Cert, old.Cert})
	keyOf := func(a *Authority) []byte {
		key, err := EncodeKey(a.Key)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	leaf, _ := newLeaf(t, g, server, old)
	tests := []struct {
		name        string
		bundle, key []byte
		err         string
	}{
		{"the first of the bundle signs", bundle, keyOf(next), ""},
		{"the key of a later one is no good", bundle, keyOf(old), "first certificate"},
		{"a leaf is no authority", leaf.Cert, leaf.Key, "not that of an authority"},
		{"a key is needed", bundle, nil, "no private key"},
		{"a certificate is needed", nil, keyOf(next), "no certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, all, err := ParseAuthority(tt.bundle, tt.key)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if err == nil && (!got.Cert.Equal(next.Cert) || len(all) != 2 || !Contains(all, old.Cert)) {
				t.Errorf("got %s and a bundle of %d", got.Cert.Subject, len(all))
			}
		})
	}
}

func TestParseAlgorithm(t *testing.T) {
	for _, name := range []string{"ecdsa", "rsa"} {
		if a, err := ParseAlgorithm(name); err != nil || string(a) != name {
			t.Errorf("ParseAlgorithm(%q) = %q, %v", name, a, err)
		}
	}
	if _, err := ParseAlgorithm("dsa"); err == nil {
		t.Error("dsa is accepted")
	}
}

func TestEncodePublicKeyIsThatOfTheKey(t *testing.T) {
	key, err := Generator{}.Key()
	if err != nil {
		t.Fatal(err)
	}
	out, err := EncodePublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(out)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil || !SamePublicKey(public, key.Public()) {
		t.Errorf("it reads back as another key, error %v", err)
	}
}
