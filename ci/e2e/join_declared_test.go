//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// TestJoinDeclared makes a member without fedhelm join: by Helm and the objects that the guide has, and by the commands that the chart
// prints. fedhelm then finds nothing left to do but what it is asked for, and takes all of it away.
func TestJoinDeclared(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship")
	m := s.member(rohan)
	before := s.list()
	gone := func(s *sandbox) {
		s.Helper()
		s.parted("fellowship", rohan)
		// Helm's --create-namespace made it: it is not for fedhelm to delete.
		s.deleteNamespaceIn(m.cluster, s.namespace)
		m.isAsBefore(s)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
	}
	section := s.guideSection("Joining declaratively (GitOps)")
	var printed string
	s.step("by Helm and the guide's objects", func(s *sandbox) {
		script := m.here(s, blocks(section, "sh")[0])
		printed = s.must("bash", "-euc", "cd "+bed.root+"\n"+script).stdout
		objects := blocks(section, "yaml")
		secret := strings.NewReplacer(
			"eyJ…", s.kubectl(rohan, "--namespace="+s.namespace, "create", "token", "fellowship-member", "--duration=720h"),
			"    -----BEGIN CERTIFICATE-----\n    …\n", indent(s.kubectl(rohan, "--namespace="+s.namespace, "get", "configmap", "kube-root-ca.crt", `--output=jsonpath={.data.ca\.crt}`)),
		).Replace(m.here(s, objects[0]))
		s.kubectl(hostContext, "apply", "--filename="+s.write("host.yaml", secret))
		s.kubectl("fellowship", "apply", "--filename="+s.write("cluster.yaml", m.here(s, objects[1])))
		s.becomes(10*time.Second, "fellowship", rohan, fedv1beta1.ClusterReady, "True", fedv1beta1.ReasonClusterReady)
		s.says(s.fedhelm("check", "fellowship"), rohan)
	})
	s.step("fedhelm join and unjoin on top of it", func(s *sandbox) {
		s.fedhelm("join", rohan)
		s.joined("fellowship", rohan)
		s.fedhelm("unjoin", rohan)
		gone(s)
	})
	s.step("by the commands that the chart prints", func(s *sandbox) {
		s.must("bash", "-euc", "cd "+bed.root+"\n"+m.here(s, blocks(section, "sh")[0]))
		_, byHand, _ := strings.Cut(printed, "or do it by hand")
		var script []string
		for line := range strings.Lines(byHand) {
			if command, ok := strings.CutPrefix(line, "  "); ok {
				script = append(script, command)
			}
		}
		s.must("bash", "-euxc", strings.NewReplacer("HOST", hostContext, "MEMBER", rohan, "SERVER", m.address()).Replace(strings.Join(script, "")))
		s.joined("fellowship", rohan)
		s.fedhelm("unjoin", rohan)
		gone(s)
	})
	s.purge("fellowship")
}

// here puts the member and the sandbox in the place of the guide's.
func (m *member) here(s *sandbox, text string) string {
	return strings.NewReplacer("gondor", m.context, "federation-system", s.namespace, "https://192.0.2.10:6443", m.address()).Replace(text)
}

// guideSection is a part of the guide, which users follow to the letter.
func (s *sandbox) guideSection(title string) string {
	s.Helper()
	guide, err := os.ReadFile(filepath.Join(bed.root, "docs", "guide.md"))
	if err != nil {
		s.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "\n## "+title+"\n")
	if !found {
		s.Fatalf("the guide has no section %q", title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// blocks are the examples of a language in a section.
func blocks(section, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(section, -1) {
		found = append(found, m[1])
	}
	return found
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}
