package chart

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func TestMemberValues(t *testing.T) {
	tests := []struct {
		name string
		opts MemberOptions
		want map[string]any
	}{
		{
			name: "nothing is said that was not chosen",
			opts: MemberOptions{Federation: "fellowship", Cluster: "gondor"},
			want: map[string]any{"federation": map[string]any{"name": "fellowship"}, "cluster": "gondor"},
		},
		{
			name: "what is chosen lies above the base, and the base's rest stays",
			opts: MemberOptions{
				Federation: "fellowship", FederationUID: "new", Cluster: "gondor", ClusterAdmin: ptr.To(false),
				Base: map[string]any{
					"federation": map[string]any{"uid": "old"},
					"rbac":       map[string]any{"clusterAdmin": true, "aggregate": false},
				},
			},
			want: map[string]any{
				"federation": map[string]any{"name": "fellowship", "uid": "new"},
				"cluster":    "gondor",
				"rbac":       map[string]any{"clusterAdmin": false, "aggregate": false},
			},
		},
		{
			name: "DNS that is chosen takes the place of all that was",
			opts: MemberOptions{
				Federation: "fellowship", Cluster: "gondor", DNS: &MemberDNS{Resolver: true, Zone: "example.com", Region: "south"},
				Base: map[string]any{"dns": map[string]any{
					"topology": map[string]any{"zone": "south-a"},
					"resolver": map[string]any{"enabled": false, "replicas": int64(3), "zoneServers": []any{"192.0.2.53:53"}},
				}},
			},
			want: map[string]any{
				"federation": map[string]any{"name": "fellowship"}, "cluster": "gondor",
				"dns": map[string]any{
					"zone": "example.com", "topology": map[string]any{"zone": "", "region": "south"},
					"resolver": map[string]any{"enabled": true, "replicas": int64(3)},
				},
			},
		},
		{
			name: "a zone that only its own servers know",
			opts: MemberOptions{Federation: "fellowship", Cluster: "gondor", DNS: &MemberDNS{Zone: "example.com", ZoneServers: []string{"192.0.2.53:53"}}},
			want: map[string]any{
				"federation": map[string]any{"name": "fellowship"}, "cluster": "gondor",
				"dns": map[string]any{
					"zone": "example.com", "topology": map[string]any{"zone": "", "region": ""},
					"resolver": map[string]any{"enabled": false, "zoneServers": []any{"192.0.2.53:53"}},
				},
			},
		},
		{
			name: "custom kinds take the place of those that were, by group",
			opts: MemberOptions{
				Federation: "fellowship", Cluster: "gondor",
				CustomKinds: []kinds.Kind{{Group: "middle.earth", Resource: "rings"}, {Group: "example.com", Resource: "widgets"}, {Group: "middle.earth", Resource: "swords"}},
				Base:        map[string]any{"rbac": map[string]any{"customKinds": []any{"old"}}},
			},
			want: map[string]any{
				"federation": map[string]any{"name": "fellowship"}, "cluster": "gondor",
				"rbac": map[string]any{"customKinds": []any{
					map[string]any{"group": "middle.earth", "resources": []any{"rings", "swords"}},
					map[string]any{"group": "example.com", "resources": []any{"widgets"}},
				}},
			},
		},
		{
			name: "custom kinds that are federated no more go",
			opts: MemberOptions{
				Federation: "fellowship", Cluster: "gondor", CustomKinds: []kinds.Kind{},
				Base: map[string]any{"rbac": map[string]any{"customKinds": []any{"old"}, "aggregate": false}},
			},
			want: map[string]any{"federation": map[string]any{"name": "fellowship"}, "cluster": "gondor", "rbac": map[string]any{"aggregate": false}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.opts.Values()); diff != "" {
				t.Errorf("Values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMemberValuesFitTheChart(t *testing.T) {
	chrt, err := LoadMember()
	if err != nil {
		t.Fatal(err)
	}
	vals := MemberOptions{
		Federation: "fellowship", FederationUID: "8f1d4c52-6d0c-4e0b-9f0e-5b1f2c3d4e5f", Cluster: "gondor", ClusterAdmin: ptr.To(true),
		CustomKinds: []kinds.Kind{{Group: "example.com", Resource: "widgets"}},
		DNS:         &MemberDNS{Resolver: true, Zone: "example.com.", ClusterDomain: "cluster.local", TopologyZone: "south-a", Region: "south"},
	}.Values()
	merged, err := chartutil.CoalesceValues(chrt, vals)
	if err != nil {
		t.Fatal(err)
	}
	if err := chartutil.ValidateAgainstSchema(chrt, merged); err != nil {
		t.Error(err)
	}
}

func TestValidateCluster(t *testing.T) {
	tests := []struct{ name, cluster, want string }{
		{"a label will do", "gondor-2", ""},
		{"no name is said to be missing", "", "NAME is missing"},
		{"a context's name is told where it goes", "gondor_needs-no_king", "--cluster-context"},
		{"a digit does not begin a name", "11kingdom", "beginning with a letter"},
		{"a name is no longer than a label", strings.Repeat("a", 64), "has 64 characters; 63 are the most"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := ValidateCluster(tt.cluster)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("ValidateCluster(%q) = %v", tt.cluster, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("ValidateCluster(%q) = %v, want %q in it", tt.cluster, err, tt.want)
			}
		})
	}
}
