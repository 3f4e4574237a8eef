package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
)

func TestValues(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		want    map[string]any
	}{
		{name: "what was not chosen is left to the chart", want: map[string]any{}},
		{
			name:    "an image is written with all its parts, so that no old part stays",
			options: Options{Image: "registry.example.com:5000/fed/helm:v1@sha256:" + digest},
			want: table("controlPlane", table("image", map[string]any{
				"registry": "registry.example.com:5000", "repository": "fed/helm", "tag": "v1", "digest": "sha256:" + digest,
			})),
		},
		{
			name:    "an image without a registry is one of docker.io",
			options: Options{Etcd: Etcd{Image: "etcd:3.6"}},
			want: both(table("etcd", table("image", map[string]any{
				"registry": "docker.io", "repository": "library/etcd", "tag": "3.6", "digest": "",
			}))),
		},
		{
			name: "an etcd image without tag and digest has the chart's tag, whatever one had before",
			options: Options{
				Base: table("controlPlane", table("etcd", table("image", map[string]any{"tag": "3.5", "digest": "sha256:" + digest}))),
				Etcd: Etcd{Image: "mirror.example.com/etcd"},
			},
			want: both(table("etcd", table("image", map[string]any{
				"registry": "mirror.example.com", "repository": "etcd", "digest": "",
			}))),
		},
		{
			name:    "an etcd image with a digest needs no tag",
			options: Options{Etcd: Etcd{Image: "mirror.example.com/etcd@sha256:" + digest}},
			want: both(table("etcd", table("image", map[string]any{
				"registry": "mirror.example.com", "repository": "etcd", "tag": "", "digest": "sha256:" + digest,
			}))),
		},
		{
			name:    "our image without a tag is of the chart's version, which an empty tag stands for",
			options: Options{Image: "mirror.example.com/fedhelm"},
			want: table("controlPlane", table("image", map[string]any{
				"registry": "mirror.example.com", "repository": "fedhelm", "tag": "", "digest": "",
			})),
		},
		{
			name: "pull policy and secrets are shared by all charts",
			options: Options{
				ImagePullPolicy: "Always", ImagePullSecrets: []string{"one", "two"},
			},
			want: table("global", table("image", map[string]any{"pullPolicy": "Always", "pullSecrets": []any{"one", "two"}})),
		},
		{
			name: "a switch that is off is a choice",
			options: Options{
				Etcd:      Etcd{Persistence: ptr.To(false)},
				APIServer: APIServer{BasicAuth: ptr.To(true), TokenAuth: ptr.To(false)},
			},
			want: map[string]any{
				"controlPlane": map[string]any{
					"etcd":      table("persistence", table("enabled", false)),
					"apiServer": table("auth", map[string]any{"basic": table("enabled", true), "token": table("enabled", false)}),
				},
				"dns": table("etcd", table("persistence", table("enabled", false))),
			},
		},
		{
			name: "etcd's volume",
			options: Options{Etcd: Etcd{
				Capacity: "20Gi", StorageClass: "fast", ExistingClaim: "mine",
			}},
			want: map[string]any{
				"controlPlane": table("etcd", table("persistence", map[string]any{
					"size": "20Gi", "storageClass": "fast", "existingClaim": "mine",
				})),
				"dns": table("etcd", table("persistence", table("storageClass", "fast"))), // the claim is no other etcd's
			},
		},
		{
			name:    "an etcd of the user's",
			options: Options{Etcd: Etcd{Servers: []string{"https://a:2379", "https://b:2379"}, TLSSecret: "etcd-tls"}},
			want: table("controlPlane", table("etcd", table("external", map[string]any{
				"servers": []any{"https://a:2379", "https://b:2379"}, "tlsSecret": "etcd-tls",
			}))),
		},
		{
			name:    "a node port of 0 lets the host cluster choose",
			options: Options{APIServer: APIServer{ServiceType: "NodePort", NodePort: ptr.To(0), AdvertiseAddresses: []string{"10.0.10.20"}}},
			want: table("controlPlane", table("apiServer", table("service", map[string]any{
				"type": "NodePort", "advertiseAddresses": []any{"10.0.10.20"}, "nodePort": int64(0),
			}))),
		},
		{
			name: "a node port of 0 and no addresses take back those beneath",
			options: Options{
				APIServer: APIServer{NodePort: ptr.To(0), AdvertiseAddresses: []string{}},
				Base: table("controlPlane", table("apiServer", table("service", map[string]any{
					"nodePort": int64(30443), "advertiseAddresses": []any{"10.0.10.20"},
				}))),
			},
			want: table("controlPlane", table("apiServer", table("service", map[string]any{
				"advertiseAddresses": []any{}, "nodePort": int64(0),
			}))),
		},
		{
			name: "a provider's configuration becomes the name of a Secret, never a value",
			options: Options{
				Name: "fellowship",
				DNS:  DNS{Provider: "coredns", Zone: "example.com.", Config: []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.com.\n")},
			},
			want: table("global", table("dns", map[string]any{
				"provider": "coredns", "zone": "example.com.", "configSecret": "fellowship-dns-provider",
			})),
		},
		{
			name: "all that can be said of a zone",
			options: Options{DNS: DNS{
				Provider: "aws-route53", Zone: "example.com.", ZoneID: "Z0123", Suffix: "fed.example.com.", TTL: "30s",
			}},
			want: table("global", table("dns", map[string]any{
				"provider": "aws-route53", "zone": "example.com.", "zoneID": "Z0123", "suffix": "fed.example.com.", "ttl": "30s",
			})),
		},
		{
			name: "argument overrides add to those of a values file, and a null drops a default",
			options: Options{
				Base:      table("controlPlane", table("apiServer", table("extraArgs", map[string]any{"v": "2", "profiling": "false"}))),
				APIServer: APIServer{ExtraArgs: map[string]any{"v": "4", "audit-log-path": nil}},
			},
			want: table("controlPlane", table("apiServer", table("extraArgs", map[string]any{
				"v": "4", "profiling": "false", "audit-log-path": nil,
			}))),
		},
		{
			name: "a flag goes before the values beneath, --set before a flag, --set-json before all",
			options: Options{
				Base:      table("controlPlane", table("apiServer", map[string]any{"service": table("type", "LoadBalancer"), "replicas": 2})),
				APIServer: APIServer{ServiceType: "NodePort"},
				Set:       []string{"controlPlane.apiServer.service.type=ClusterIP", "controlPlane.apiServer.replicas=3"},
				SetJSON:   []string{"controlPlane.apiServer.replicas=5"},
			},
			want: table("controlPlane", table("apiServer", map[string]any{"service": table("type", "ClusterIP"), "replicas": 5.0})),
		},
		{
			name:    "a node selector is a table",
			options: Options{NodeSelector: map[string]string{"disk": "ssd"}},
			want:    both(table("nodeSelector", table("disk", "ssd"))),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.options.Values()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Values() (-want +got):\n%s", diff)
			}
		})
	}
}

// A provider's configuration is nothing for another one.
func TestValuesOfAnotherProviderOrZone(t *testing.T) {
	tests := []struct {
		name string
		dns  DNS
		base map[string]any
		want map[string]any
	}{
		{"nothing is chosen", DNS{}, nil, map[string]any{"provider": "coredns", "zone": "example.com.", "zoneID": "Z1", "configSecret": "ours", "ttl": "30s"}},
		{"the same is chosen", DNS{Provider: "coredns", Zone: "example.com."}, nil,
			map[string]any{"provider": "coredns", "zone": "example.com.", "zoneID": "Z1", "configSecret": "ours", "ttl": "30s"}},
		{"another provider", DNS{Provider: "google-clouddns"}, nil, map[string]any{"provider": "google-clouddns", "zone": "example.com.", "ttl": "30s"}},
		{"another provider, with its configuration", DNS{Provider: "google-clouddns", ZoneID: "Z2", Config: []byte("[Global]\n")}, nil,
			map[string]any{"provider": "google-clouddns", "zone": "example.com.", "zoneID": "Z2", "configSecret": "fellowship-dns-provider", "ttl": "30s"}},
		{"another provider, with its Secret and id in a values file", DNS{Provider: "google-clouddns"}, map[string]any{"global": map[string]any{"dns": map[string]any{"configSecret": "mine", "zoneID": "Z2"}}},
			map[string]any{"provider": "google-clouddns", "zone": "example.com.", "zoneID": "Z2", "configSecret": "mine", "ttl": "30s"}},
		{"another zone", DNS{Zone: "example.org."}, nil, map[string]any{"provider": "coredns", "zone": "example.org.", "configSecret": "ours", "ttl": "30s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kept := map[string]any{"global": map[string]any{"dns": map[string]any{
				"provider": "coredns", "zone": "example.com.", "zoneID": "Z1", "configSecret": "ours", "ttl": "30s",
			}}}
			o := Options{Name: "fellowship", DNS: tt.dns, Base: tt.base}
			o.Keep(kept)
			vals, err := o.Values()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"global": map[string]any{"dns": tt.want}}, vals); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesLeavesItsInputAlone(t *testing.T) {
	base := table("controlPlane", table("apiServer", table("extraArgs", map[string]any{"v": "2"})))
	o := Options{Base: base, APIServer: APIServer{ExtraArgs: map[string]any{"v": "4"}}, Set: []string{"controlPlane.nodeSelector.disk=ssd"}}
	if _, err := o.Values(); err != nil {
		t.Fatal(err)
	}
	want := table("controlPlane", table("apiServer", table("extraArgs", map[string]any{"v": "2"})))
	if diff := cmp.Diff(want, base); diff != "" {
		t.Errorf("the base values changed (-want +got):\n%s", diff)
	}
}

const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func table(key string, value any) map[string]any { return map[string]any{key: value} }

// both gives the control plane and the DNS server the same value.
func both(value any) map[string]any { return map[string]any{"controlPlane": value, "dns": value} }
