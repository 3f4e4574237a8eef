package cluster

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
)

func clusters(t *testing.T) []Cluster {
	t.Helper()
	b, err := plan.New(plan.Options{Prefix: "fhunit", Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	var list []Cluster
	for _, c := range b.Clusters {
		list = append(list, Cluster{Cluster: c, Dir: t.TempDir(), Programs: "/cache/bin/set", ControlPlane: "/cache/older/set", Self: Self{Path: "/state/testbed"}})
	}
	return list
}

func TestEveryComponentRunsInItsClustersNetwork(t *testing.T) {
	for _, c := range clusters(t) {
		holder := proc.Spec{Name: mounts, Path: "sleep", Args: []string{"60"}} // stands in for the holder of the mounts
		if c.Nodes == plan.Real {
			if _, err := c.Processes().Start(holder); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := c.Processes().Stop(mounts); err != nil {
					t.Error(err)
				}
			})
		}
		for _, name := range c.Components() {
			s, err := c.spec(name)
			if err != nil {
				t.Errorf("%s of %s: %v", name, c.Name, err)
				continue
			}
			if s.Name != name || s.Netns != "/run/netns/fhunit-"+c.Name {
				t.Errorf("%s of %s is %q in %s", name, c.Name, s.Name, s.Netns)
			}
			ofItsVersion := slices.Contains([]string{apiServer, controller, scheduler}, name)
			if strings.HasPrefix(s.Path, "/cache/older/set/") != ofItsVersion {
				t.Errorf("%s of %s is run from %s", name, c.Name, s.Path)
			}
			onNode := slices.Contains([]string{containerd, kubelet, kubeProxy}, name)
			if (s.MountsOf != 0) != onNode {
				t.Errorf("%s of %s runs in the mounts of process %d", name, c.Name, s.MountsOf)
			}
		}
	}
}

func TestANodesComponentNeedsTheHolderOfItsMounts(t *testing.T) {
	host := clusters(t)[0]
	if _, err := host.spec(kubelet); err == nil || !strings.Contains(err.Error(), "testbed up") {
		t.Errorf("kubelet without the holder: %v", err)
	}
}

func TestComponentsBelongToTheKindOfNodes(t *testing.T) {
	for _, c := range clusters(t) {
		simulated := slices.Contains(c.Components(), kwok)
		if real := slices.Contains(c.Components(), kubelet); real == simulated || simulated != (c.Nodes == plan.Simulated) {
			t.Errorf("%s, with %s nodes, has components %v", c.Name, c.Nodes, c.Components())
		}
	}
}

func TestAnUnknownComponentIsAnsweredWithTheOnesThereAre(t *testing.T) {
	host := clusters(t)[0]
	if err := host.Stop("kwok"); err == nil || !strings.Contains(err.Error(), "kube-apiserver") {
		t.Errorf("stop kwok in a cluster with a real node: %v", err)
	}
}

func TestSimulatedNodesAreInTheClustersZone(t *testing.T) {
	c := clusters(t)[2]
	for _, name := range c.SimulatedNodes() {
		n := c.simulatedNode(name)
		if n.Labels[zoneLabel] != "us-east-a" || n.Labels[regionLabel] != "us-east" || n.Status.Allocatable.Pods().IsZero() {
			t.Errorf("node %+v", n)
		}
	}
	path := c.path("kwok.yaml")
	if err := writeStages(path); err != nil {
		t.Fatal(err)
	}
	stages, err := os.ReadFile(path)
	if err != nil || strings.Count(string(stages), "kind: Stage") != 5 {
		t.Errorf("stages: %v\n%s", err, stages)
	}
}
