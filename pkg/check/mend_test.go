package check

import "testing"

func TestMendsCanBeCopied(t *testing.T) {
	m := gondor(cluster("v1.36.3", nil))
	m.way.Context, m.way.Kubeconfig = "gondor_needs-no@king:1/x", "/home/faramir/my config"
	m.Host.Context, m.Host.Kubeconfig = "it's", "/etc/host"
	tests := []struct {
		name, got, want string
	}{
		{
			name: "names that a shell would take apart are quoted", got: m.join("--refresh"),
			want: `fedhelm join gondor --federation=fellowship --kubeconfig=/etc/host --host-cluster-context='it'\''s' --federation-system-namespace=middle-earth ` +
				`--cluster-kubeconfig='/home/faramir/my config' --cluster-context=gondor_needs-no@king:1/x --refresh`,
		},
		{name: "the host cluster's namespace", got: m.kubectl(), want: `kubectl --kubeconfig=/etc/host --context='it'\''s' --namespace=middle-earth`},
		{name: "the member", got: m.memberKubectl(), want: `kubectl --kubeconfig='/home/faramir/my config' --context=gondor_needs-no@king:1/x`},
		{name: "a member that cannot be reached from here", got: gondor(nil).unjoin(), want: "fedhelm unjoin gondor --federation=fellowship --host-cluster-context=rivendell --federation-system-namespace=middle-earth"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got  %s\nwant %s", tt.got, tt.want)
			}
		})
	}
}
