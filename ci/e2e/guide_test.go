//go:build e2e

package e2e

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

// The examples of the guide that federations were set up by for years, with fedhelm for kubefed and the lines that it had lost.
const (
	firstExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="google-clouddns" \
    --dns-zone-name="example.com."`

	authExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="google-clouddns" \
    --dns-zone-name="example.com." \
    --apiserver-enable-basic-auth=true \
    --apiserver-enable-token-auth=true`

	overridesExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="google-clouddns" \
    --dns-zone-name="example.com." \
    --apiserver-arg-overrides="--anonymous-auth=false,--v=4" \
    --controllermanager-arg-overrides="--v=4"`

	coreDNSFile = `[Global]
etcd-endpoints = http://etcd-cluster.ns:2379
zones = example.com.
`
	coreDNSExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="coredns" \
    --dns-zone-name="example.com." \
    --dns-provider-config="$HOME/coredns-provider.conf"`

	// The address is a node's, which differs from cluster to cluster.
	nodePortExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="google-clouddns" \
    --dns-zone-name="example.com." \
    --api-server-service-type="NodePort" \
    --api-server-advertise-address="10.0.10.20"`

	ephemeralExample = `fedhelm init fellowship \
    --host-cluster-context=rivendell \
    --dns-provider="google-clouddns" \
    --dns-zone-name="example.com." \
    --etcd-persistent-storage=false`
)

// example runs a command line as a user types it, but in the sandbox's namespace.
func (s *sandbox) example(script string) result {
	s.Helper()
	return s.must("bash", "-euc", `fedhelm() { command fedhelm "$@" --federation-system-namespace=`+s.namespace+"; }\n"+script)
}

func (s *sandbox) purge(name string) {
	s.Helper()
	s.fedhelm("delete", name, "--yes", "--purge-data")
}

// TestGuideAuthentication runs the example with a password and a token, and on top of it the one with arguments.
func TestGuideAuthentication(t *testing.T) {
	s := newSandbox(t)
	s.example(authExample)
	config, err := clientcmd.LoadFromFile(s.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	token := config.AuthInfos["fellowship"].Token
	basic := config.AuthInfos["fellowship-basic-auth"]
	if token == "" || basic == nil || basic.Username != "admin" || basic.Password == "" {
		t.Fatal("the kubeconfig lacks the token or the password")
	}
	for _, c := range config.Contexts {
		if c.AuthInfo == "fellowship-basic-auth" {
			t.Error("a context uses the password")
		}
	}
	cluster := config.Clusters["fellowship"]
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // what is asked for is who is let in
	get := func(prepare func(*http.Request)) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cluster.Server+"/api/v1/namespaces", nil)
		if err != nil {
			t.Fatal(err)
		}
		prepare(req)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for name, tt := range map[string]struct {
		prepare func(*http.Request)
		want    int
	}{
		"the token":        {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, 200},
		"the password":     {func(r *http.Request) { r.SetBasicAuth("admin", basic.Password) }, 200},
		"a wrong password": {func(r *http.Request) { r.SetBasicAuth("admin", "mellon") }, 401},
		"a wrong token":    {func(r *http.Request) { r.Header.Set("Authorization", "Bearer mellon") }, 401},
		"a claimed name": {func(r *http.Request) {
			r.Header.Set("X-Remote-User", "admin")
			r.Header.Set("X-Remote-Group", "system:masters")
		}, 403},
	} {
		if got := get(tt.prepare); got != tt.want {
			t.Errorf("with %s the API answers %d, want %d", name, got, tt.want)
		}
	}
	if got := s.kubectl("fellowship", "--user=fellowship-basic-auth", "auth", "whoami", "--output=jsonpath={.status.userInfo.username}"); got != "admin" {
		t.Errorf("by password one is %q, want admin", got)
	}

	s.example(overridesExample)
	s.ready("fellowship")
	s.eventually(time.Minute, "anonymous requests are turned away", func() error {
		if got := get(func(*http.Request) {}); got != 401 {
			return fmt.Errorf("the answer is %d, want 401", got)
		}
		return nil
	})
	for workload, flag := range map[string]string{"fellowship-apiserver": "--anonymous-auth=false", "fellowship-controller-manager": "--v=4"} {
		if args := s.host("get", "deployment", workload, "--output=jsonpath={.spec.template.spec.containers[*].args}"); !strings.Contains(args, `"`+flag+`"`) {
			t.Errorf("%s does not get %s: %s", workload, flag, args)
		}
	}
	if got := get(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }); got != 200 {
		t.Errorf("after overrides were given, the token is answered with %d", got)
	}
	s.worksAs("fellowship")
	s.purge("fellowship")
}

// TestGuideDNSAndNodePort runs the example with CoreDNS, and on top of it the one with a node port.
func TestGuideDNSAndNodePort(t *testing.T) {
	s := newSandbox(t)
	s.write("coredns-provider.conf", coreDNSFile)
	s.example(coreDNSExample)
	if got := s.host("get", "secret", "fellowship-dns-provider", `--output=go-template={{index .data "federation-dns-provider.conf" | base64decode}}`); got != strings.TrimSpace(coreDNSFile) {
		t.Errorf("the DNS Secret holds %q", got)
	}
	if values := s.helm("--namespace="+s.namespace, "get", "values", "fellowship").stdout; strings.Contains(values, "etcd-cluster.ns") {
		t.Errorf("the DNS configuration is a value of the release:\n%s", values)
	}
	node := s.nodeAddress()
	s.example(strings.ReplaceAll(nodePortExample, "10.0.10.20", node))
	s.ready("fellowship")
	s.serves("fellowship", fmt.Sprintf("https://%s:%s", node, s.host("get", "service", "fellowship-apiserver", "--output=jsonpath={.spec.ports[0].nodePort}")))
	s.worksAs("fellowship")
	s.purge("fellowship")
}

// TestGuideEphemeral runs the example without a volume.
func TestGuideEphemeral(t *testing.T) {
	s := newSandbox(t)
	s.example(ephemeralExample)
	s.worksAs("fellowship")
	if claims := s.host("get", "persistentvolumeclaims", "--output=name"); claims != "" {
		t.Errorf("there are claims: %s", claims)
	}
	s.fedhelm("delete", "fellowship", "--yes") // there is no data to purge
}

func (s *sandbox) nodeAddress() string {
	s.Helper()
	return s.kubectl(hostContext, "get", "nodes", `--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
}

// serves checks that a kubeconfig context leads to the address, and that the certificate there names it.
func (s *sandbox) serves(federation, server string) {
	s.Helper()
	config, err := clientcmd.LoadFromFile(s.kubeconfig)
	if err != nil {
		s.Fatal(err)
	}
	if got := config.Clusters[federation].Server; got != server {
		s.Errorf("the kubeconfig leads to %s, want %s", got, server)
	}
	address := strings.TrimPrefix(server, "https://")
	if !strings.Contains(address, ":") {
		address += ":443"
	}
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // the names in it are what is asked for
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Close()
	cert := conn.ConnectionState().PeerCertificates[0]
	ip, _, _ := strings.Cut(address, ":")
	if err := cert.VerifyHostname(ip); err != nil {
		s.Errorf("the certificate at %s: %v", address, err)
	}
}
