package build

import (
	"path/filepath"
	"strings"
	"testing"
)

// older has modules for two more versions of Kubernetes.
func older(t *testing.T, files map[string]string) Builder {
	t.Helper()
	all := map[string]string{
		"versions/1.34/go.mod": strings.ReplaceAll(goMod, "1.36.3", "1.34.4"),
		"versions/1.35/go.mod": strings.ReplaceAll(goMod, "1.36.3", "1.35.4"),
	}
	for name, content := range files {
		all[name] = content
	}
	return module(t, all)
}

func of(t *testing.T, b Builder, minor string) Builder {
	t.Helper()
	o, err := b.Of(minor)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnOlderVersionHasASetOfProgramsOfItsOwn(t *testing.T) {
	b := older(t, nil)
	today, then := set(t, b), of(t, b, "1.35")
	if got := set(t, then); !strings.HasPrefix(got, "v1.35.4-") {
		t.Errorf("its set is %s, want one of v1.35.4", got)
	}
	if then.Bin() == b.Bin() || then.Bin() == of(t, b, "1.34").Bin() {
		t.Errorf("its sets are in %s, with those of another version, whose programs it would drive out", then.Bin())
	}
	changed := older(t, map[string]string{"versions/1.35/go.mod": strings.ReplaceAll(goMod, "1.36.3", "1.35.5")})
	if set(t, changed) != today {
		t.Error("a change of the older version's module changes today's set")
	}
	if got := set(t, of(t, changed, "1.35")); got == set(t, then) {
		t.Errorf("of another patch version the set is still %s", got)
	}
}

func TestAnOlderVersionIsStampedWithItsVersion(t *testing.T) {
	version, err := of(t, older(t, nil), "1.34").version()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(flags(version), " ")
	for _, want := range []string{"version.gitVersion=v1.34.4", "version.gitMajor=1 ", "version.gitMinor=34 "} {
		if !strings.Contains(got, want) {
			t.Errorf("flags %q have no %q", got, want)
		}
	}
}

func TestAnOlderVersionIsItsControlPlaneAlone(t *testing.T) {
	b := of(t, older(t, nil), "1.35")
	if _, err := b.Ensure(t.Context(), "kubelet"); err == nil || !strings.Contains(err.Error(), `"kubelet"`) {
		t.Errorf("Ensure(kubelet): %v", err)
	}
	_, err := b.Ensure(t.Context(), "kube-scheduler") // the module has no such package: what matters is where it is looked for
	if err == nil || !strings.Contains(err.Error(), "k8s.io/kubernetes") {
		t.Errorf("Ensure(kube-scheduler): %v", err)
	}
}

func TestAVersionThatCannotBeBuiltIsAnsweredWithThoseThatCan(t *testing.T) {
	tests := []struct {
		name    string
		builder Builder
		want    string
	}{
		{name: "another one", builder: older(t, nil), want: "1.34, 1.35"},
		{name: "there is none", builder: module(t, nil), want: KubernetesVersion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tt.builder.Of("1.33"); err == nil || !strings.Contains(err.Error(), `"1.33"`) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Of(1.33): %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestAModuleWithoutKubernetesIsNamed(t *testing.T) {
	b := older(t, map[string]string{"versions/1.35/go.mod": "module example.com/x\n"})
	want := filepath.Join("versions", "1.35", "go.mod")
	if _, err := of(t, b, "1.35").Dir(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Dir: %v, want an error with %s", err, want)
	}
}

// TestTheModulesOfOlderVersions guards the real ones.
func TestTheModulesOfOlderVersions(t *testing.T) {
	b := Builder{Module: filepath.Join("..", "..")}
	minors, err := b.Older()
	if err != nil || len(minors) == 0 {
		t.Fatalf("there are %v, %v", minors, err)
	}
	for _, minor := range minors {
		version, err := of(t, b, minor).version()
		if err != nil || !strings.HasPrefix(version, "v"+minor+".") {
			t.Errorf("the module in %s/%s is of Kubernetes %s, %v", olderModules, minor, version, err)
		}
	}
}
