package shape

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Service's addresses are allocated by each cluster for itself. What the user chose goes along, except for the address: members do not
// have the federation's range. None is no address.
func service(spec map[string]any, owned fields) map[string]any {
	spec = without(spec, "clusterIPs")
	if spec["clusterIP"] != "None" {
		delete(spec, "clusterIP")
	}
	for _, name := range []string{"ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"} {
		if !owned.have("f:spec", "f:"+name) {
			delete(spec, name)
		}
	}
	ports, _ := spec["ports"].([]any)
	if !slices.ContainsFunc(ports, hasNodePort) {
		return spec
	}
	ports = slices.Clone(ports)
	for i := range ports {
		if port, ok := ports[i].(map[string]any); ok && !owned.have("f:spec", "f:ports", portKey(port), "f:nodePort") {
			ports[i] = without(port, "nodePort")
		}
	}
	spec["ports"] = ports
	return spec
}

func hasNodePort(port any) bool {
	p, _ := port.(map[string]any)
	_, ok := p["nodePort"]
	return ok
}

// portKey is how managedFields name a port.
func portKey(port map[string]any) string {
	number, _ := port["port"].(int64)
	protocol, _ := port["protocol"].(string)
	return `k:{"port":` + strconv.FormatInt(number, 10) + `,"protocol":"` + protocol + `"}`
}

// fields are what managers of an object own, one tree for each entry of managedFields.
type fields []map[string]any

// ownership reads managedFields. What the server allocates is in no entry.
func ownership(o *unstructured.Unstructured) fields {
	metadata, _ := o.Object["metadata"].(map[string]any)
	entries, _ := metadata["managedFields"].([]any)
	owned := make(fields, 0, len(entries))
	for _, entry := range entries {
		e, _ := entry.(map[string]any)
		if tree, ok := e["fieldsV1"].(map[string]any); ok {
			owned = append(owned, tree)
		}
	}
	return owned
}

// have says whether anybody owns the field, or something in it.
func (f fields) have(path ...string) bool {
	for _, tree := range f {
		for i, name := range path {
			below, ok := tree[name].(map[string]any)
			if !ok {
				break
			}
			if tree = below; i == len(path)-1 {
				return true
			}
		}
	}
	return false
}
