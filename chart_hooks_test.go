package fedhelm_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
)

func TestEveryHookHasItsAccountAndRulesBeforeItsJob(t *testing.T) {
	for file, values := range cases(t, controlPlane) {
		t.Run(file, func(t *testing.T) {
			rel, err := dryRun(load(t, controlPlane), values)
			if err != nil {
				t.Fatal(err)
			}
			for event, job := range map[release.HookEvent]string{
				release.HookPreInstall:   "fellowship-pki",
				release.HookPreUpgrade:   "fellowship-pki",
				release.HookPreRollback:  "fellowship-pki",
				release.HookPostInstall:  "fellowship-publish",
				release.HookPostUpgrade:  "fellowship-publish",
				release.HookPostRollback: "fellowship-publish",
				release.HookPreDelete:    "fellowship-teardown",
				release.HookPostDelete:   "fellowship-cleanup",
			} {
				checkOrder(t, rel, event, job)
			}
		})
	}
}

func checkOrder(t *testing.T, rel *release.Release, event release.HookEvent, job string) {
	t.Helper()
	var hooks []*release.Hook
	for _, h := range rel.Hooks {
		if slices.Contains(h.Events, event) {
			hooks = append(hooks, h)
		}
	}
	// As Helm does: by weight, then by name.
	slices.SortStableFunc(hooks, func(a, b *release.Hook) int {
		return cmp.Or(cmp.Compare(a.Weight, b.Weight), cmp.Compare(a.Name, b.Name))
	})
	var kinds []string
	for _, h := range hooks {
		kinds = append(kinds, h.Kind)
		for _, policy := range []release.HookDeletePolicy{release.HookBeforeHookCreation, release.HookSucceeded} {
			if !slices.Contains(h.DeletePolicies, policy) {
				t.Errorf("%s: %s %s outlives its use: no delete policy %s", event, h.Kind, h.Name, policy)
			}
		}
	}
	for _, kind := range []string{"ServiceAccount", "Role", "RoleBinding"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s: no %s among %v", event, kind, kinds)
		}
	}
	if event == release.HookPreRollback && !slices.ContainsFunc(hooks, func(h *release.Hook) bool { return h.Name == job && h.Kind == "Job" }) {
		job += "-rollback" // of a release whose other Job changes authorities
	}
	if last := hooks[len(hooks)-1]; last.Kind != "Job" || last.Name != job || slices.Index(kinds, "Job") != len(kinds)-1 {
		t.Errorf("%s: the hooks run in the order %v and end with %s; want one Job %s, at the end", event, kinds, last.Name, job)
	}
}

// Who rolls back to an upgrade that changed authorities does not ask for another change.
func TestRollbackChangesNoAuthorities(t *testing.T) {
	rel, err := dryRun(load(t, controlPlane), parseValues(t, `{pki: {rotateCA: [cluster], distrustCA: [etcd]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[release.HookEvent]bool{
		release.HookPreInstall: true, release.HookPreUpgrade: true, release.HookPreRollback: false,
	} {
		for _, h := range rel.Hooks {
			if h.Kind != "Job" || !slices.Contains(h.Events, event) {
				continue
			}
			for _, flag := range []string{"--rotate-ca=cluster", "--distrust-ca=etcd"} {
				if got := strings.Contains(h.Manifest, flag); got != want {
					t.Errorf("%s: Job %s has %s: %t, want %t", event, h.Name, flag, got, want)
				}
			}
		}
	}
}
