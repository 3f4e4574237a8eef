//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// The examples of joining and leaving in the guide that federations were set up by for years, with fedhelm for kubefed.
const (
	joinExample    = `fedhelm join gondor --host-cluster-context=rivendell`
	contextExample = `fedhelm join gondor --host-cluster-context=rivendell --cluster-context=gondor_needs-no_king`
	secretExample  = `fedhelm join gondor --host-cluster-context=rivendell --secret-name=11kingdom`
	unjoinExample  = `fedhelm unjoin gondor --host-cluster-context=rivendell`
)

// TestGuideJoin follows a real cluster through its membership, by the guide's examples: what there was in it and in the host before, is
// what there is after.
func TestGuideJoin(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship", zone)
	m := s.member(gondor)
	before := s.list()
	gone := func(s *sandbox) {
		s.Helper()
		s.parted("fellowship", gondor)
		m.isAsBefore(s)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
	}
	s.step("join", func(s *sandbox) {
		r := s.example(joinExample)
		s.joined("fellowship", gondor)
		if steps := stepLine.FindAllString(r.stderr, -1); len(steps) < 4 || r.took > 30*time.Second {
			s.Errorf("want every step with its time, and seconds in all\n%s", r)
		}
		s.Logf("%s", r)
	})
	s.step("kubectl get clusters", func(s *sandbox) {
		table := strings.Split(s.kubectl("fellowship", "get", "clusters"), "\n")
		if got, want := strings.Fields(table[0]), []string{"NAME", "READY", "REGION", "ZONES", "VERSION", "AGE"}; strings.Join(got, " ") != strings.Join(want, " ") {
			s.Errorf("the columns are %v, want %v", got, want)
		}
		if row := strings.Fields(table[len(table)-1]); len(table) != 2 || len(row) != 6 || row[0] != gondor || row[1] != "True" || row[2] != "eu-west" ||
			row[3] != `["eu-west-a"]` || !strings.HasPrefix(row[4], "v1.") {
			s.Errorf("the table is\n%s", strings.Join(table, "\n"))
		}
		for _, label := range []string{
			"topology.kubernetes.io/region=eu-west", "topology.kubernetes.io/zone=eu-west-a", "zone.federation.fedhelm.io/eu-west-a=true",
		} {
			if got := s.kubectl("fellowship", "get", "clusters", "--selector="+label, "--output=name"); got != "cluster.federation.fedhelm.io/gondor" {
				s.Errorf("with label %s there is %q", label, got)
			}
		}
	})
	s.step("fedhelm clusters and check", func(s *sandbox) {
		s.says(s.fedhelm("clusters"), gondor, "eu-west", "eu-west-a")
		s.says(s.fedhelm("check", "fellowship"), gondor)
		s.says(s.fedhelm("check", "fellowship", gondor), gondor)
	})
	s.step("join again changes nothing", func(s *sandbox) {
		s.unaltered(m, "fellowship", func() { s.example(joinExample) })
	})
	s.step("names", func(s *sandbox) { m.resolves(s, "fellowship", "example.com") })
	s.step("unjoin", func(s *sandbox) {
		s.Logf("%s", s.example(unjoinExample))
		gone(s)
	})
	s.step("unjoin again", func(s *sandbox) {
		s.says(s.example(unjoinExample), gondor)
		gone(s)
	})
	s.step("with a context of another name", func(s *sandbox) {
		s.must("kubectl", "config", "rename-context", gondor, "gondor_needs-no_king")
		s.example(contextExample)
		s.joined("fellowship", gondor)
		s.example(strings.Replace(unjoinExample, "unjoin gondor", "unjoin gondor --cluster-context=gondor_needs-no_king", 1))
		s.must("kubectl", "config", "rename-context", "gondor_needs-no_king", gondor)
		gone(s)
	})
	s.step("with a Secret of another name", func(s *sandbox) {
		s.example(secretExample)
		s.joined("fellowship", gondor)
		s.host("get", "secret", "11kingdom")
		s.example(unjoinExample)
		gone(s)
	})
	s.purge("fellowship")
	s.write("kubeconfig", bedKubeconfig(s)) // with names as they were
}

var stepLine = regexp.MustCompile(`(?m)\(\d+\.\d+s\)$`)

// unaltered checks that nothing is written, neither in the host cluster, nor in the member, nor in the federation.
func (s *sandbox) unaltered(m *member, federation string, do func()) {
	s.Helper()
	own, err := connect(s.kubeconfig, federation)
	if err != nil {
		s.Fatal(err)
	}
	host, in, of := s.list(), m.list(s), s.listIn(own, nothing)
	do()
	for place, err := range map[string]error{
		"the host cluster": untouched(host, s.list()), "the member": untouched(in, m.list(s)), "the federation": untouched(of, s.listIn(own, nothing)),
	} {
		if err != nil {
			s.Errorf("something was written in %s:\n%v", place, err)
		}
	}
}
