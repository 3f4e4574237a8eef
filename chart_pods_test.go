package fedhelm_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	psapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// template is a pod, or what a workload makes pods from.
type template struct {
	chart    string
	owner    string // kind and name
	meta     metav1.ObjectMeta
	spec     corev1.PodSpec
	selector map[string]any // of a workload that has one
}

func (p template) containers() []corev1.Container {
	return slices.Concat(p.spec.InitContainers, p.spec.Containers)
}

// templates returns the pods of all objects.
func templates(t *testing.T, docs []document) []template {
	t.Helper()
	paths := map[string][]string{
		"Pod":         {},
		"Job":         {"spec", "template"},
		"CronJob":     {"spec", "jobTemplate", "spec", "template"},
		"Deployment":  {"spec", "template"},
		"StatefulSet": {"spec", "template"},
	}
	var all []template
	for _, d := range docs {
		path, ok := paths[d.kind]
		if !ok {
			continue
		}
		pod, _, err := unstructured.NestedMap(d.object.Object, path...)
		if err != nil {
			t.Fatalf("%s: %v", d.id(), err)
		}
		var typed corev1.PodTemplateSpec
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(map[string]any{
			"metadata": pod["metadata"], "spec": pod["spec"],
		}, &typed, true); err != nil {
			t.Fatalf("%s: %v", d.id(), err)
		}
		selector, _, _ := unstructured.NestedMap(d.object.Object, "spec", "selector", "matchLabels")
		all = append(all, template{owner: d.id(), meta: typed.ObjectMeta, spec: typed.Spec, selector: selector})
	}
	return all
}

// everyPod calls check with each pod of each case of the charts that have pods of their own.
func everyPod(t *testing.T, check func(t *testing.T, p template)) {
	t.Helper()
	for _, dir := range []string{controlPlane, dnsServer, member} {
		some := false
		for file, docs := range rendered(t, dir) {
			for _, p := range templates(t, docs) {
				p.chart, some = dir, true
				t.Run(file+"/"+p.owner, func(t *testing.T) { check(t, p) })
			}
		}
		if !some {
			t.Errorf("no pods of %s were rendered", dir)
		}
	}
}

func TestEveryPodPassesTheRestrictedSecurityLevel(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := psapi.LevelVersion{Level: psapi.LevelRestricted, Version: psapi.LatestVersion()}
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		if result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &p.meta, &p.spec)); !result.Allowed {
			t.Errorf("not allowed: %s", result.ForbiddenDetail())
		}
		for _, c := range p.containers() {
			if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
				t.Errorf("container %q can write to its root", c.Name)
			}
		}
	})
}

func TestEveryContainerAsksForResources(t *testing.T) {
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		for _, c := range p.containers() {
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
				t.Errorf("container %q asks for no CPU or no memory", c.Name)
			}
		}
	})
}

func TestEveryLastingContainerIsProbed(t *testing.T) {
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		if p.spec.RestartPolicy == corev1.RestartPolicyNever {
			return
		}
		for _, c := range p.containers() {
			ends := slices.ContainsFunc(p.spec.InitContainers, func(i corev1.Container) bool {
				return i.Name == c.Name && i.RestartPolicy == nil
			})
			// All that bootstrap does has a limit, after which it says so; nobody asks it for anything.
			if c.LivenessProbe == nil && !ends && c.Name != "bootstrap" {
				t.Errorf("container %q has no liveness probe", c.Name)
			}
		}
	})
}

func TestSelectorsAreTheSameWhateverTheValues(t *testing.T) {
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		if p.selector == nil {
			return // nothing selects the pods of a Job
		}
		_, component, _ := strings.Cut(p.owner, "fellowship-")
		want := map[string]any{
			"app.kubernetes.io/name":      filepath.Base(p.chart),
			"app.kubernetes.io/instance":  releaseOf(p.chart),
			"app.kubernetes.io/component": component,
		}
		if fmt.Sprint(p.selector) != fmt.Sprint(want) {
			t.Errorf("selector %v, want %v", p.selector, want)
		}
		for key, value := range want {
			if p.meta.Labels[key] != value {
				t.Errorf("label %s of the pods is %q, and their selector wants %q", key, p.meta.Labels[key], value)
			}
		}
	})
}

func TestOneRegistryReplacesThoseOfAllImages(t *testing.T) {
	for dir, needed := range map[string]string{
		umbrella: served, controlPlane: `global: {}`, dnsServer: served,
		member: `global: {}, federation: {name: a, uid: b}, cluster: c, dns: {zone: example.com, resolver: {enabled: true}}`,
	} {
		values := parseValues(t, `{`+needed+`}`)
		values["global"].(map[string]any)["image"] = map[string]any{"registry": "mirror.example.com:5000"}
		pods := templates(t, render(t, dir, values))
		if len(pods) == 0 {
			t.Errorf("%s: no pods were rendered", dir)
		}
		for _, p := range pods {
			for _, c := range p.containers() {
				if !strings.HasPrefix(c.Image, "mirror.example.com:5000/") {
					t.Errorf("%s: %s: container %q has image %q", dir, p.owner, c.Name, c.Image)
				}
			}
		}
	}
}

func TestBootstrapAloneHoldsTheMostPowerfulCertificate(t *testing.T) {
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		for _, c := range p.containers() {
			for _, m := range c.VolumeMounts {
				if m.Name == "bootstrap-certs" && c.Name != "bootstrap" {
					t.Errorf("container %q mounts it", c.Name)
				}
			}
		}
	})
}

// A pod that talks to its own cluster's API is a hook or the renewal; in members, the resolver.
func TestOnlyThoseWhoNeedItGetATokenOfTheirCluster(t *testing.T) {
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		mounts := p.spec.AutomountServiceAccountToken
		if mounts == nil {
			t.Fatal("it is not said whether a token is mounted")
		}
		needsIt := strings.HasPrefix(p.owner, "Job ") || strings.HasPrefix(p.owner, "CronJob ") || p.owner == "Deployment fellowship-resolver"
		if *mounts != needsIt {
			t.Errorf("a token is mounted: %t", *mounts)
		}
	})
}

// What reads the members' credentials is what a stranger would want most: other programs, upstream's among them, go without.
func TestOurControllerManagerAloneReachesTheHost(t *testing.T) {
	const mount = "/var/run/secrets/kubernetes.io/serviceaccount"
	everyPod(t, func(t *testing.T, p template) {
		t.Helper()
		if p.chart != controlPlane || !strings.HasPrefix(p.owner, "Deployment") {
			return
		}
		if p.spec.AutomountServiceAccountToken == nil || *p.spec.AutomountServiceAccountToken {
			t.Error("every container has the ServiceAccount's token")
		}
		for _, c := range p.containers() {
			mounts := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == mount })
			if want := c.Name == "controller-manager"; mounts != want {
				t.Errorf("container %q has the token: %t, want %t", c.Name, mounts, want)
			}
		}
	})
}
