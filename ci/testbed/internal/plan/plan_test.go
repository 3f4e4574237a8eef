package plan

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAddressesOfClustersDoNotOverlap(t *testing.T) {
	b, err := New(Options{Members: len(memberPlaces)})
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[netip.Addr]string{b.Machine(): "the machine"}
	var blocks []netip.Prefix
	for _, c := range b.Clusters {
		if owner, taken := nodes[c.Node]; taken {
			t.Errorf("%s has the node address %s of %s", c.Name, c.Node, owner)
		}
		nodes[c.Node] = c.Name
		if !b.NodeNetwork().Contains(c.Node) || !b.Network.Contains(c.Block.Addr()) || c.Block != c.Block.Masked() {
			t.Errorf("%s: node %s, block %s outside of network %s", c.Name, c.Node, c.Block, b.Network)
		}
		for _, other := range append(blocks, b.NodeNetwork()) {
			if c.Block.Overlaps(other) {
				t.Errorf("block %s of %s overlaps %s", c.Block, c.Name, other)
			}
		}
		blocks = append(blocks, c.Block)
		parts := []netip.Prefix{c.Services, c.LoadBalancers, c.Pods}
		for i, p := range parts {
			if !c.Block.Contains(p.Addr()) || p != p.Masked() {
				t.Errorf("%s: %s is not in its block %s", c.Name, p, c.Block)
			}
			for _, q := range parts[:i] {
				if p.Overlaps(q) {
					t.Errorf("%s: %s overlaps %s", c.Name, p, q)
				}
			}
		}
		if !c.Services.Contains(c.APIService) || !c.Services.Contains(c.DNSService) || !c.Pods.Contains(c.NodePods().Addr()) {
			t.Errorf("%s: API %s and DNS %s in %s, node's pods %s in %s", c.Name, c.APIService, c.DNSService, c.Services, c.NodePods(), c.Pods)
		}
	}
}

func TestTheFirstClustersKeepTheirAddressesWhenMembersAreAdded(t *testing.T) {
	few, err := New(Options{Members: 1})
	if err != nil {
		t.Fatal(err)
	}
	many, err := New(Options{Members: 5})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range few.Clusters {
		if many.Clusters[i] != c {
			t.Errorf("%s is %+v with one member, %+v with five", c.Name, c, many.Clusters[i])
		}
	}
}

func TestNew(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		want    []string // of each cluster: name and kind
		wrong   []string // parts of the error
	}{
		{name: "defaults are a host cluster alone", want: []string{"rivendell real"}},
		{name: "the first member is real, the others simulated", options: Options{Members: 3},
			want: []string{"rivendell real", "gondor real", "rohan simulated", "arnor simulated"}},
		{name: "kinds are for the first members", options: Options{Members: 3, Kinds: []string{"simulated", "real"}},
			want: []string{"rivendell real", "gondor simulated", "rohan real", "arnor simulated"}},
		{name: "members of older versions", options: Options{Members: 3, Versions: map[string]string{"rohan": "1.35", "arnor": "1.34"}},
			want: []string{"rivendell real", "gondor real", "rohan simulated 1.35", "arnor simulated 1.34"}},
		{name: "an older version is of a member that there is", options: Options{Members: 1, Versions: map[string]string{"rohan": "1.35", "isengard": "1.34", "rivendell": "1.34"}},
			wrong: []string{`1.35 of "rohan"`, `1.34 of "isengard"`, `1.34 of "rivendell"`}},
		{name: "an older version has no real nodes, for kubelet would be newer than its API server",
			options: Options{Members: 1, Versions: map[string]string{"gondor": "1.35"}}, wrong: []string{`1.35 of "gondor"`, "kubelet"}},
		{name: "everything wrong is said at once", options: Options{Prefix: "Fh-", Network: "10.0.0.0/8", Members: 99, Kinds: []string{"unreal"}},
			wrong: []string{`name prefix "Fh-"`, `network "10.0.0.0/8"`, "99 members", `member kind "unreal"`}},
		{name: "a network must begin at its first address", options: Options{Network: "172.30.1.0/16"}, wrong: []string{`network "172.30.1.0/16"`}},
		{name: "more kinds than members is a mistake", options: Options{Members: 1, Kinds: []string{"real", "real"}},
			wrong: []string{"2 member kinds for 1 members"}},
		{name: "a prefix leaves room in the name of an interface", options: Options{Prefix: "eightchr"}, wrong: []string{"name prefix"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := New(tt.options)
			if len(tt.wrong) > 0 {
				if err == nil {
					t.Fatalf("New(%+v) is no error", tt.options)
				}
				for _, w := range tt.wrong {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q does not say %q", err, w)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range b.Clusters {
				got = append(got, strings.TrimSpace(c.Name+" "+string(c.Nodes)+" "+c.Version))
			}
			if strings.Join(got, ",") != strings.Join(tt.want, ",") {
				t.Errorf("clusters %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNamesOnTheMachineFitAndBelongToOneBed(t *testing.T) {
	b, err := New(Options{Prefix: "fh", Members: len(memberPlaces)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(Options{Prefix: "fhx"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Clusters {
		if len(c.Name) > 15 {
			t.Errorf("%s is too long for an interface", c.Name)
		}
		if !b.Owns(c.Netns) || other.Owns(c.Netns) {
			t.Errorf("%s: owned %v, by the bed with prefix fhx %v", c.Netns, b.Owns(c.Netns), other.Owns(c.Netns))
		}
	}
	long, err := New(Options{Prefix: strings.Repeat("x", maxPrefix)})
	if err != nil {
		t.Fatal(err)
	}
	if l := long.MachineLink(); len(l) > 15 {
		t.Errorf("%s is too long for an interface", l)
	}
}

func TestAnUnknownClusterIsAnsweredWithTheOnesThereAre(t *testing.T) {
	b, err := New(Options{Members: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Cluster("isengard"); err == nil || !strings.Contains(err.Error(), "rivendell, gondor") {
		t.Errorf("Cluster(isengard): %v", err)
	}
}
