package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// versions are the resourceVersions of copies, or of sources, by kind, namespace and name: who writes an object changes its own.
func versions(ctx context.Context, config *rest.Config, selector string) (map[string]string, error) {
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, k := range workloadKinds() {
		list, err := client.Resource(k.GroupVersionResource()).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", k.ID(), err)
		}
		for i := range list.Items {
			all[fmt.Sprintf("%s %s/%s", k.Kind, list.Items[i].Namespace, list.Items[i].Name)] = list.Items[i].ResourceVersion
		}
	}
	return all, nil
}

// changed names what is not the same in both, by whether it is there and what version it has.
func changed(before, after map[string]string) []string {
	var names []string
	for name, version := range before {
		if after[name] != version {
			names = append(names, name)
		}
	}
	for name := range after {
		if before[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mutating are the requests that an API server says it has answered, of those that write.
func mutating(ctx context.Context, api rest.Interface) (map[string]float64, error) {
	raw, err := api.Get().AbsPath("/metrics").Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("metrics of an API server: %w", err)
	}
	return parseMutating(raw), nil
}

var requestsTotal = regexp.MustCompile(`^apiserver_request_total\{(.*)\} (\S+)$`)

// parseMutating adds up writes by resource, of the resources that the benchmark's objects are of, without their subresources, which
// the clusters' own controllers write.
func parseMutating(metrics []byte) map[string]float64 {
	ours := map[string]bool{}
	for _, k := range workloadKinds() {
		ours[k.Resource] = true
	}
	sums := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(metrics))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := requestsTotal.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		labels := map[string]string{}
		for _, pair := range strings.Split(m[1], ",") {
			name, value, _ := strings.Cut(pair, "=")
			labels[name] = strings.Trim(value, `"`)
		}
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil || !ours[labels["resource"]] || labels["subresource"] != "" {
			continue
		}
		switch labels["verb"] {
		case "POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION":
			sums[labels["resource"]] += n
		}
	}
	return sums
}

// more is by how much sums have grown.
func more(before, after map[string]float64) float64 {
	n := 0.
	for name, value := range after {
		n += value - before[name]
	}
	return n
}
