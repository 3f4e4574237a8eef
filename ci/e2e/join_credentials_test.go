//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// memberContext is what every context of these tests is called, in as many files.
const memberContext = "member"

// TestJoinByAnyKubeconfig joins members whose kubeconfigs say in different ways where they are and who is asking.
func TestJoinByAnyKubeconfig(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship")
	m := s.member(rohan)
	before := s.list()
	gone := func(s *sandbox) {
		s.Helper()
		s.parted("fellowship", rohan)
		m.isAsBefore(s)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
	}
	for name, change := range map[string]func(*sandbox, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo){
		"exec credentials":                          (*sandbox).byExec,
		"client certificate and authority in files": (*sandbox).byFiles,
	} {
		s.step(name, func(s *sandbox) {
			way := []string{rohan, "--cluster-context=" + memberContext, "--cluster-kubeconfig=" + s.kubeconfigOf(rohan, change)}
			s.fedhelm(append([]string{"join"}, way...)...)
			s.joined("fellowship", rohan)
			s.fedhelm(append([]string{"unjoin"}, way...)...)
			gone(s)
		})
	}
	s.step("a server on 127.0.0.1", func(s *sandbox) {
		file := s.kubeconfigOf(rohan, func(s *sandbox, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			there := strings.TrimPrefix(c.Server, "https://")
			c.TLSServerName, _, _ = net.SplitHostPort(there)
			c.Server = "https://" + s.forward(there)
		})
		way := []string{"join", rohan, "--cluster-context=" + memberContext, "--cluster-kubeconfig=" + file}
		s.refused(3, time.Minute, []string{"https://127.0.0.1:", "--cluster-endpoint"}, way...)
		gone(s)
		s.fedhelm(append(way, "--cluster-endpoint="+m.address())...)
		s.joined("fellowship", rohan)
		way[0] = "unjoin"
		s.fedhelm(way...)
		gone(s)
	})
	s.step("the same context name in two files", func(s *sandbox) {
		s.member(arnor)
		files := map[string]string{}
		for _, name := range []string{rohan, arnor} {
			files[name] = s.kubeconfigOf(name, func(*sandbox, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {})
			s.fedhelm("join", name, "--cluster-context="+memberContext, "--cluster-kubeconfig="+files[name])
			s.joined("fellowship", name)
		}
		if a, b := s.clusterObject("fellowship", rohan), s.clusterObject("fellowship", arnor); a.Status.UID == b.Status.UID || a.Status.Zones[0] == b.Status.Zones[0] {
			s.Errorf("both members are one cluster: %+v and %+v", a.Status, b.Status)
		}
		for _, name := range []string{rohan, arnor} {
			s.fedhelm("unjoin", name, "--cluster-context="+memberContext, "--cluster-kubeconfig="+files[name])
			s.parted("fellowship", name)
		}
		gone(s)
	})
	s.purge("fellowship")
}

// kubeconfigOf makes a file with a context that leads to a cluster of the test bed, with changes.
func (s *sandbox) kubeconfigOf(kubeContext string, change func(*sandbox, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	s.Helper()
	all, err := clientcmd.LoadFromFile(bed.kubeconfig)
	if err != nil {
		s.Fatal(err)
	}
	c, user := all.Clusters[kubeContext].DeepCopy(), all.AuthInfos[kubeContext].DeepCopy()
	change(s, c, user)
	config := clientcmdapi.NewConfig()
	config.Clusters[memberContext], config.AuthInfos[memberContext] = c, user
	config.Contexts[memberContext] = &clientcmdapi.Context{Cluster: memberContext, AuthInfo: memberContext}
	path := filepath.Join(s.home, kubeContext+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		s.Fatal(err)
	}
	return path
}

// byExec has a program tell the credentials, as those of cloud providers do.
func (s *sandbox) byExec(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
	s.Helper()
	said, err := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
		"status": map[string]string{"clientCertificateData": string(user.ClientCertificateData), "clientKeyData": string(user.ClientKeyData)},
	})
	if err != nil {
		s.Fatal(err)
	}
	user.ClientCertificateData, user.ClientKeyData = nil, nil
	user.Exec = &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		Command: "cat", Args: []string{s.write("credential.json", string(said))},
	}
}

// byFiles names files relative to the kubeconfig's place.
func (s *sandbox) byFiles(c *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
	s.Helper()
	for file, data := range map[string][]byte{"member-ca.crt": c.CertificateAuthorityData, "member.crt": user.ClientCertificateData, "member.key": user.ClientKeyData} {
		s.write(file, string(data))
	}
	c.CertificateAuthorityData, user.ClientCertificateData, user.ClientKeyData = nil, nil, nil
	c.CertificateAuthority, user.ClientCertificate, user.ClientKey = "member-ca.crt", "member.crt", "member.key"
}

// forward carries connections to an address on 127.0.0.1 on to another, as a tunnel does.
func (s *sandbox) forward(to string) string {
	s.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { listener.Close() })
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer here.Close()
				there, err := net.Dial("tcp", to)
				if err != nil {
					return // whoever connected sees it end
				}
				defer there.Close()
				go func() { _, _ = io.Copy(there, here) }()
				_, _ = io.Copy(here, there)
			}()
		}
	}()
	return listener.Addr().String()
}
