// Package pki makes the certificates and kubeconfigs of one cluster: throwaway ones, valid for ten years, all signed by
// two CAs in one directory.
package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	validity = 10 * 365 * 24 * time.Hour
	// skew forgives a clock that was set back.
	skew = time.Hour
)

// Options say whom the certificates are for.
type Options struct {
	Cluster string
	Server  string // URL of the API
	Node    string // name of the real node
	// IPs are the addresses of the API server, of its Service too.
	IPs []net.IP
}

// users are the clients that get a kubeconfig: file name, common name, group.
func (o Options) users() []user {
	return []user{
		{"admin", "testbed-admin", "system:masters"},
		{"controller-manager", "system:kube-controller-manager", ""},
		{"scheduler", "system:kube-scheduler", ""},
		{"kube-proxy", "system:kube-proxy", ""},
		{"kubelet", "system:node:" + o.Node, "system:nodes"},
		{"kwok", "testbed-kwok", "system:masters"},
		{"addons", "testbed-addons", "system:masters"},
	}
}

type user struct{ file, name, group string }

// Kubeconfig is the path of a user's kubeconfig in the directory.
func Kubeconfig(dir, name string) string { return filepath.Join(dir, name+".kubeconfig") }

// complete is written last, so a killed run is told from a finished one.
const complete = "complete"

// Ensure fills the directory, unless that was done before.
func Ensure(dir string, o Options) error {
	if _, err := os.Stat(filepath.Join(dir, complete)); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := fill(dir, o); err != nil {
		return fmt.Errorf("certificates of cluster %q: %w", o.Cluster, err)
	}
	return os.WriteFile(filepath.Join(dir, complete), nil, 0o600)
}

func fill(dir string, o Options) error {
	ca, err := newCA(dir, "ca", o.Cluster+"-ca")
	if err != nil {
		return err
	}
	frontProxy, err := newCA(dir, "front-proxy-ca", o.Cluster+"-front-proxy-ca")
	if err != nil {
		return err
	}
	if err := writeServiceAccountKeys(dir); err != nil {
		return err
	}
	_, err = ca.issue(dir, "apiserver", &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: append([]net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, o.IPs...),
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		},
	})
	if err != nil {
		return err
	}
	if _, err := ca.issue(dir, "apiserver-kubelet-client", client("kube-apiserver", "system:masters")); err != nil {
		return err
	}
	if _, err := frontProxy.issue(dir, "front-proxy-client", client("front-proxy-client", "")); err != nil {
		return err
	}
	for _, u := range o.users() {
		pair, err := ca.issue(dir, "", client(u.name, u.group))
		if err != nil {
			return err
		}
		if err := writeKubeconfig(Kubeconfig(dir, u.file), o, ca.cert, pair); err != nil {
			return err
		}
	}
	return nil
}

func client(name, group string) *x509.Certificate {
	t := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if group != "" {
		t.Subject.Organization = []string{group}
	}
	return t
}

// pair is a certificate and its key, PEM.
type pair struct{ cert, key []byte }

type authority struct {
	pair
	parsed *x509.Certificate
	signer *ecdsa.PrivateKey
}

func newCA(dir, file, name string) (*authority, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	ca := &authority{}
	p, err := ca.sign(t)
	if err != nil {
		return nil, err
	}
	ca.pair = p
	return ca, p.write(dir, file)
}

// issue makes a leaf certificate and writes it as <file>.crt and <file>.key, unless file is "".
func (a *authority) issue(dir, file string, t *x509.Certificate) (pair, error) {
	t.KeyUsage = x509.KeyUsageDigitalSignature
	p, err := a.sign(t)
	if err != nil || file == "" {
		return p, err
	}
	return p, p.write(dir, file)
}

// sign makes a key and its certificate; a CA without a certificate yet signs its own.
func (a *authority) sign(t *x509.Certificate) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, err
	}
	t.SerialNumber = serial
	t.NotBefore, t.NotAfter = time.Now().Add(-skew), time.Now().Add(validity)
	parent, signer := a.parsed, a.signer
	if parent == nil {
		parent, signer = t, key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return pair{}, err
	}
	if a.parsed == nil {
		if a.parsed, err = x509.ParseCertificate(der); err != nil {
			return pair{}, err
		}
		a.signer = key
	}
	keyPEM, err := encodeKey(key)
	return pair{cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: keyPEM}, err
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}

func (p pair) write(dir, file string) error {
	if err := os.WriteFile(filepath.Join(dir, file+".crt"), p.cert, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, file+".key"), p.key, 0o600)
}

func writeServiceAccountKeys(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "sa.key"), private, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "sa.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600)
}

func writeKubeconfig(path string, o Options, ca []byte, p pair) error {
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[o.Cluster] = &clientcmdapi.Cluster{Server: o.Server, CertificateAuthorityData: ca}
	cfg.AuthInfos[o.Cluster] = &clientcmdapi.AuthInfo{ClientCertificateData: p.cert, ClientKeyData: p.key}
	cfg.Contexts[o.Cluster] = &clientcmdapi.Context{Cluster: o.Cluster, AuthInfo: o.Cluster}
	cfg.CurrentContext = o.Cluster
	return clientcmd.WriteToFile(*cfg, path)
}

// Merge puts the contexts of other kubeconfigs into one. What else is in it stays, its current context too. Who reads it
// meanwhile sees it before or after, never half.
func Merge(path string, from []string) error {
	all, err := clientcmd.LoadFromFile(path)
	if errors.Is(err, os.ErrNotExist) {
		all, err = clientcmdapi.NewConfig(), nil
	}
	if err != nil {
		return err
	}
	before := all.DeepCopy()
	for _, f := range from {
		cfg, err := clientcmd.LoadFromFile(f)
		if err != nil {
			return err
		}
		for name := range cfg.Contexts {
			all.Clusters[name], all.AuthInfos[name], all.Contexts[name] = cfg.Clusters[name], cfg.AuthInfos[name], cfg.Contexts[name]
		}
	}
	content, err := clientcmd.Write(*all)
	if err != nil {
		return err
	}
	if old, err := clientcmd.Write(*before); err == nil && bytes.Equal(old, content) {
		return nil
	}
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
