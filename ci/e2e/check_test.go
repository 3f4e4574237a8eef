//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/check"
)

// checked is what fedhelm check says of a federation with member gondor, for a program.
func (s *sandbox) checked() (result, check.Report) {
	s.Helper()
	r := s.try(time.Minute, "fedhelm", s.here([]string{"check", "wardens", gondor, "--output=json"})...)
	var said struct{ Checks check.Report }
	if err := json.Unmarshal([]byte(r.stdout), &said); err != nil {
		s.Fatalf("%v\n%s", err, r)
	}
	return r, said.Checks
}

// finds waits until fedhelm check has a check that ends like that, and returns what mends it.
func (s *sandbox) finds(name string, level check.Level) string {
	s.Helper()
	var mend string
	s.eventually(time.Minute, fmt.Sprintf("check %s is a %s", name, level), func() error {
		r, report := s.checked()
		for _, c := range report {
			if c.Name != name || c.Level != level {
				continue
			}
			if fails := r.code == 1; fails != (level == check.Failure) {
				return fmt.Errorf("exit code %d", r.code)
			}
			mend = c.Mend
			return nil
		}
		return errors.New(r.stdout)
	})
	return mend
}

// isWell waits until fedhelm check finds nothing wrong.
func (s *sandbox) isWell() {
	s.Helper()
	s.eventually(2*time.Minute, "all is well", func() error {
		r, report := s.checked()
		if r.code != 0 || report.Worst() != check.OK || report.Count(check.Skipped) > 0 {
			return errors.New(r.stdout)
		}
		return nil
	})
}

// TestCheckMends breaks a federation, of a name that no other test uses, in many ways. Each is found, and the command that fedhelm check prints mends it.
func TestCheckMends(t *testing.T) {
	s := newSandbox(t)
	s.federation("wardens", zone)
	m := s.member(gondor)
	s.fedhelm("join", gondor)
	s.step("a new member is well", (*sandbox).isWell)

	inMember := func(args ...string) string {
		return s.kubectl(gondor, append([]string{"--namespace=" + s.namespace}, args...)...)
	}
	federated := func(args ...string) string { return s.kubectl("wardens", args...) }
	const secret = "wardens.gondor"
	tests := []struct {
		name  string
		wreck func(s *sandbox)
		check string
		level check.Level
	}{
		{name: "the Role's binding is gone", check: "host-rights", level: check.Failure, wreck: func(s *sandbox) { s.host("delete", "rolebinding", secret) }},
		{name: "the Secret is gone", check: "secret", level: check.Failure, wreck: func(s *sandbox) { s.host("delete", "secret", secret) }},
		{name: "the Secret is labelled for another", check: "secret", level: check.Failure, wreck: func(s *sandbox) {
			s.host("label", "--overwrite", "secret", secret, "federation.fedhelm.io/cluster=arnor")
		}},
		{name: "the token is none", check: "credential", level: check.Failure, wreck: func(s *sandbox) {
			s.host("patch", "secret", secret, `--patch={"stringData":{"token":"none"}}`)
		}},
		{name: "the registration is gone", check: "registered", level: check.Failure, wreck: func(*sandbox) { federated("delete", "cluster", gondor) }},
		{name: "the ServiceAccount is gone", check: "service-account", level: check.Failure, wreck: func(*sandbox) { inMember("delete", "serviceaccount", "wardens-member") }},
		{name: "the rights are gone", check: "member-rights", level: check.Failure, wreck: func(s *sandbox) {
			inMember("delete", "clusterrolebinding", "fedhelm:"+s.namespace+":wardens:member")
		}},
		{name: "somebody changed the Corefile", check: "dns", level: check.Failure, wreck: func(s *sandbox) {
			m.editCorefile(func(text string) string {
				before, ours, _ := strings.Cut(text, "# BEGIN fedhelm "+s.namespace+"/wardens")
				return before + "# BEGIN fedhelm " + s.namespace + "/wardens" + strings.Replace(ours, "cache 30", "cache 31", 1)
			})
		}},
		{name: "somebody put an old Corefile back", check: "dns", level: check.Failure, wreck: func(*sandbox) { m.editCorefile(m.forgetNames) }},
		{name: "the renewal of certificates is suspended", check: "renewal", level: check.Warning, wreck: func(s *sandbox) {
			s.host("patch", "cronjob", "wardens-renew", `--patch={"spec":{"suspend":true}}`)
		}},
		{name: "the controller manager is scaled down", check: "workloads", level: check.Failure, wreck: func(s *sandbox) {
			s.host("scale", "deployment", "wardens-controller-manager", "--replicas=0")
		}},
	}
	for _, tt := range tests {
		s.step(tt.name, func(s *sandbox) {
			tt.wreck(s)
			mend := s.finds(tt.check, tt.level)
			s.must("sh", "-c", mend)
			s.isWell()
		})
	}
	s.step("another cluster is not taken for the member", func(s *sandbox) {
		r := s.try(time.Minute, "fedhelm", s.here([]string{"check", "wardens", gondor, "--cluster-context=" + rohan})...)
		if r.code != 1 || !strings.Contains(r.stdout, "leads to another cluster") {
			s.Error(r)
		}
	})
	s.fedhelm("unjoin", gondor)
	s.purge("wardens")
}
