package workload

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

var namespaces = kind("namespaces")

// mix is of what kinds objects are, in hundredths. Members have addresses for about a thousand Services, and few pods fit into simulated
// nodes: so most Services are headless, and most Deployments are scaled to 0.
var mix = []struct {
	share   int
	kind    kinds.Kind
	prefix  string
	content func(r *rand.Rand, i int) map[string]any
}{
	{40, kind("configmaps"), "settings", configMap},
	{20, kind("secrets"), "secret", secret},
	{20, kind("deployments.apps"), "web", deployment},
	{10, kind("services"), "web", service},
	{6, kind("serviceaccounts"), "robot", func(*rand.Rand, int) map[string]any { return map[string]any{} }},
	{4, kind("networkpolicies.networking.k8s.io"), "allow", networkPolicy},
}

func kind(name kinds.ID) kinds.Kind {
	all := kinds.Default()
	return all[slices.IndexFunc(all, func(k kinds.Kind) bool { return k.ID() == name })]
}

// size is mostly some hundred bytes, and now and then some thousand.
func size(r *rand.Rand) int {
	if r.IntN(20) == 0 {
		return 4_000 + r.IntN(16_000)
	}
	return 100 + r.IntN(900)
}

func text(r *rand.Rand, length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789 =\n"
	var b strings.Builder
	for range length {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	return b.String()
}

func configMap(r *rand.Rand, i int) map[string]any {
	return map[string]any{"data": map[string]any{"application.properties": text(r, size(r)), "LOG_LEVEL": "info", "NUMBER": strconv.Itoa(i)}}
}

func secret(r *rand.Rand, _ int) map[string]any {
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString([]byte(text(r, n))) }
	return map[string]any{"type": "Opaque", "data": map[string]any{"password": encoded(24), "tls.pem": encoded(size(r))}}
}

func deployment(r *rand.Rand, i int) map[string]any {
	replicas := 0
	if r.IntN(20) == 0 {
		replicas = 1
	}
	selector := map[string]any{"app": fmt.Sprintf("web-%d", i)}
	container := map[string]any{
		"name":  "web",
		"image": fmt.Sprintf("registry.k8s.io/pause:3.%d", r.IntN(10)),
		"ports": []any{map[string]any{"name": "http", "containerPort": 8080, "protocol": "TCP"}},
		"env": []any{
			map[string]any{"name": "LOG_LEVEL", "value": "info"}, map[string]any{"name": "NUMBER", "value": strconv.Itoa(i)},
			map[string]any{"name": "PASSWORD", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "web", "key": "password", "optional": true}}},
		},
		"resources":      map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "16Mi"}, "limits": map[string]any{"memory": "64Mi"}},
		"readinessProbe": map[string]any{"httpGet": map[string]any{"path": "/ready", "port": "http"}, "periodSeconds": 10},
		"volumeMounts":   []any{map[string]any{"name": "scratch", "mountPath": "/tmp"}},
	}
	return map[string]any{"spec": map[string]any{
		"replicas": replicas,
		"selector": map[string]any{"matchLabels": selector},
		"template": map[string]any{
			"metadata": map[string]any{"labels": selector, "annotations": map[string]any{"checksum/config": text(r, 32)}},
			"spec": map[string]any{
				"containers":      []any{container},
				"securityContext": map[string]any{"runAsNonRoot": true, "runAsUser": 1000},
				"volumes":         []any{map[string]any{"name": "scratch", "emptyDir": map[string]any{}}},
			},
		},
	}}
}

func service(r *rand.Rand, i int) map[string]any {
	spec := map[string]any{
		"selector": map[string]any{"app": fmt.Sprintf("web-%d", i)},
		"ports":    []any{map[string]any{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}},
	}
	if r.IntN(10) > 0 {
		spec["clusterIP"] = "None"
	}
	return map[string]any{"spec": spec}
}

func networkPolicy(_ *rand.Rand, i int) map[string]any {
	return map[string]any{"spec": map[string]any{
		"podSelector": map[string]any{"matchLabels": map[string]any{"app": fmt.Sprintf("web-%d", i)}},
		"policyTypes": []any{"Ingress"},
		"ingress":     []any{map[string]any{"ports": []any{map[string]any{"port": 8080, "protocol": "TCP"}}}},
	}}
}

// Has reports whether objects of the kind are among those of sets.
func Has(k kinds.Kind) bool {
	for _, m := range mix {
		if m.kind == k {
			return true
		}
	}
	return k == namespaces
}
