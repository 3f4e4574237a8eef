package chart

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"
)

func valid() Options { return Options{Name: "fellowship", Namespace: "federation-system"} }

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Options)
		want   []string // one part of each line; none: valid
	}{
		{name: "nothing chosen is valid"},
		{name: "a name has no capitals", change: func(o *Options) { o.Name = "Fellowship" }, want: []string{`NAME "Fellowship"`}},
		{name: "a name begins with a letter", change: func(o *Options) { o.Name = "1st" }, want: []string{"beginning with a letter"}},
		{name: "a name has no dots", change: func(o *Options) { o.Name = "a.b" }, want: []string{"NAME"}},
		{name: "an empty name", change: func(o *Options) { o.Name = "" }, want: []string{"NAME"}},
		{name: "a name as long as can be", change: func(o *Options) { o.Name = strings.Repeat("a", MaxNameLength) }},
		{name: "a name that is too long for a Service", change: func(o *Options) { o.Name = strings.Repeat("a", MaxNameLength+1) }, want: []string{"45 characters"}},
		{name: "a namespace is a label", change: func(o *Options) { o.Namespace = "a_b" }, want: []string{"--federation-system-namespace"}},
		{name: "an image that is none", change: func(o *Options) { o.Image = "Not An Image" }, want: []string{"--image:"}},
		{name: "an etcd image that is none", change: func(o *Options) { o.Etcd.Image = "a:b:c" }, want: []string{"--etcd-image:"}},
		{name: "pull policies are spelt exactly", change: func(o *Options) { o.ImagePullPolicy = "always" }, want: []string{"Always, IfNotPresent, Never"}},
		{name: "each pull secret is a name", change: func(o *Options) { o.ImagePullSecrets = []string{"ok", "a b", "C"} }, want: []string{`"a b"`, `"C"`}},
		{name: "etcd's servers are URLs with a scheme", change: func(o *Options) { o.Etcd.Servers = []string{"etcd:2379", "ftp://x", "https://ok:2379"} }, want: []string{`"etcd:2379"`, `"ftp://x"`}},
		{name: "etcd's servers have no password in them, and the error has none either", change: func(o *Options) {
			o.Etcd.Servers = []string{"https://frodo:mellon@etcd:2379", "https://frodo@etcd:2379"}
		}, want: []string{`"https://frodo:xxxxx@etcd:2379" has a user in it`, `"https://frodo@etcd:2379" has a user`}},
		{name: "a capacity is a quantity", change: func(o *Options) { o.Etcd.Capacity = "10 gigs" }, want: []string{"--etcd-pv-capacity"}},
		{name: "a capacity is what the schema takes too: no exponent", change: func(o *Options) { o.Etcd.Capacity = "1e9" }, want: []string{"--etcd-pv-capacity"}},
		{name: "nor less than a byte", change: func(o *Options) { o.Etcd.Capacity = "100m" }, want: []string{"--etcd-pv-capacity"}},
		{name: "nor a bare fraction", change: func(o *Options) { o.Etcd.Capacity = ".5Gi" }, want: []string{"--etcd-pv-capacity"}},
		{name: "a capacity is more than nothing", change: func(o *Options) { o.Etcd.Capacity = "0" }, want: []string{"--etcd-pv-capacity"}},
		{name: "a storage class is a name", change: func(o *Options) { o.Etcd.StorageClass = "a/b" }, want: []string{"--etcd-pv-storage-class"}},
		{name: "a claim is a name", change: func(o *Options) { o.Etcd.ExistingClaim = "A" }, want: []string{"--etcd-existing-claim"}},
		{name: "a claim without storage contradicts itself", change: func(o *Options) { o.Etcd.ExistingClaim, o.Etcd.Persistence = "a", ptr.To(false) }, want: []string{"switched off"}},
		{name: "a claim beside an external etcd contradicts itself", change: func(o *Options) { o.Etcd.ExistingClaim, o.Etcd.Servers = "a", []string{"https://a:1"} }, want: []string{"exclude each other"}},
		{name: "a client certificate needs servers", change: func(o *Options) { o.Etcd.TLSSecret = "a" }, want: []string{"--etcd-servers too"}},
		{name: "service types are spelt exactly", change: func(o *Options) { o.APIServer.ServiceType = "nodeport" }, want: []string{"LoadBalancer, NodePort, ClusterIP"}},
		{name: "an advertised address is an IP", change: func(o *Options) {
			o.APIServer.ServiceType, o.APIServer.AdvertiseAddresses = "NodePort", []string{"host.example.com", "10.0.0.1", "::1", "0.0.0.0", "::"}
		}, want: []string{`"host.example.com"`, `"0.0.0.0"`, `"::"`}},
		{name: "a load balancer has an address of its own", change: func(o *Options) { o.APIServer.AdvertiseAddresses = []string{"10.0.0.1"} }, want: []string{"NodePort or ClusterIP"}},
		{name: "the type may come from --set", change: func(o *Options) {
			o.APIServer.AdvertiseAddresses, o.Set = []string{"10.0.0.1"}, []string{"controlPlane.apiServer.service.type=ClusterIP"}
		}},
		{name: "the type may come from the values beneath", change: func(o *Options) {
			o.APIServer.NodePort = ptr.To(30443)
			o.Base = table("controlPlane", table("apiServer", table("service", table("type", "NodePort"))))
		}},
		{name: "a port needs a node port", change: func(o *Options) { o.APIServer.NodePort = ptr.To(30443) }, want: []string{"--api-server-port goes only with"}},
		{name: "port 0 goes with everything", change: func(o *Options) { o.APIServer.NodePort = ptr.To(0) }},
		{name: "a port has 16 bits", change: func(o *Options) { o.APIServer.ServiceType, o.APIServer.NodePort = "NodePort", ptr.To(65536) }, want: []string{"65536 is not a port"}},
		{name: "a port is not negative", change: func(o *Options) { o.APIServer.ServiceType, o.APIServer.NodePort = "NodePort", ptr.To(-1) }, want: []string{"-1 is not a port"}},
		{name: "arguments of the controller manager are its own", change: func(o *Options) {
			o.ControllerManager.ExtraArgs = map[string]any{"v": "4", "controllers": "services=false", "anonymous-auth": "false"}
		}, want: []string{"--controllermanager-arg-overrides: the controller manager has no flag --anonymous-auth", "federatedKinds="}},
		{name: "arguments of the API server are upstream's", change: func(o *Options) { o.APIServer.ExtraArgs = map[string]any{"nobody-knows": "1"} }},
		{name: "--set needs a path and a value", change: func(o *Options) { o.Set = []string{"abc"} }, want: []string{"--set:"}},
		{name: "--set-json needs JSON", change: func(o *Options) { o.SetJSON = []string{"a=[1"} }, want: []string{"--set-json:"}},
		{name: "everything wrong is said at once", change: func(o *Options) {
			*o = Options{Name: "A", Namespace: "B", Image: " ", Etcd: Etcd{Capacity: "x"}, DNS: DNS{Provider: "y"}, Set: []string{"z"}}
		}, want: []string{"NAME", "--federation-system-namespace", "--image:", "--etcd-pv-capacity", "--dns-provider:", "--dns-zone-name", "--set:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := valid()
			if tt.change != nil {
				tt.change(&o)
			}
			wantLines(t, o.Validate(), tt.want)
		})
	}
}

func TestFlagsGoWithWhatTheReleaseHas(t *testing.T) {
	const coreDNS = "[Global]\netcd-endpoints = http://etcd:2379\nzones = example.com.\n"
	named := table("global", table("dns", map[string]any{"provider": "coredns", "zone": "example.com."}))
	external := table("controlPlane", table("etcd", table("external", map[string]any{"servers": []any{"https://a:2379"}})))
	tests := []struct {
		name  string
		kept  map[string]any
		flags Options
		want  []string // of Validate, as wantLines takes it
	}{
		{name: "another certificate for the same etcd", kept: external, flags: Options{Etcd: Etcd{TLSSecret: "a"}}},
		{name: "a certificate for an etcd that --set names", flags: Options{Etcd: Etcd{TLSSecret: "a"}, Set: []string{"controlPlane.etcd.external.servers={https://a:2379}"}}},
		{name: "a certificate for no etcd", kept: named, flags: Options{Etcd: Etcd{TLSSecret: "a"}}, want: []string{"--etcd-servers too"}},
		{name: "another configuration of the same provider", kept: named, flags: Options{DNS: DNS{Config: []byte(coreDNS)}}},
		{name: "one that is for another zone", kept: named, flags: Options{DNS: DNS{Config: []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.org.\n")}}, want: []string{"example.com. is missing"}},
		{name: "one for no provider", kept: external, flags: Options{DNS: DNS{Config: []byte(coreDNS)}}, want: []string{"without --dns-provider"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.flags
			o.Name, o.Namespace = "fellowship", "federation-system"
			if err := o.ValidateFlags(); err != nil {
				t.Errorf("before it is known what the release has: %v", err)
			}
			o.Keep(tt.kept)
			wantLines(t, o.Validate(), tt.want)
		})
	}
}

// wantLines checks that err has a line for each part, in their order, and no other.
func wantLines(t *testing.T, err error, parts []string) {
	t.Helper()
	if len(parts) == 0 {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("got no error, want one about %q", parts)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(parts) {
		t.Fatalf("got %d errors, want %d:\n%v", len(lines), len(parts), err)
	}
	for i, part := range parts {
		if !strings.Contains(lines[i], part) {
			t.Errorf("error %q says nothing of %q", lines[i], part)
		}
	}
}
