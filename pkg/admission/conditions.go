package admission

import (
	"fmt"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// The name of an object, or how it will begin.
const (
	name   = `object.metadata.?name.orValue("")`
	prefix = `object.metadata.?name.orValue(object.metadata.?generateName.orValue(""))`
)

// mark is an expression for a label or an annotation that says what is federated.
func mark(field string) string {
	return `object.metadata.?` + field + `[?"` + fedv1beta1.AnnotationFederate + `"].orValue("")`
}

// exceptions are, by kind, what objects are federated, in the words of kinds.Federated.
var exceptions = map[kinds.ID]string{
	"namespaces":       name + ` != "default" && !` + prefix + `.startsWith("kube-")`,
	"services":         name + ` != "kubernetes" || request.?namespace.orValue("") != "default"`,
	"configmaps":       name + ` != "kube-root-ca.crt"`,
	"serviceaccounts":  name + ` != "default"`,
	"secrets":          `!(object.?type.orValue("") in [` + quoted(kinds.LocalSecretTypes()) + `])`,
	"replicasets.apps": notControlledBy("Deployment"),
	"jobs.batch":       notControlledBy("CronJob"),
	kinds.CRD:          mark("annotations") + ` == "true" || ` + mark("labels") + ` == "true"`,
}

func notControlledBy(kind string) string {
	return fmt.Sprintf(`!object.metadata.?ownerReferences.orValue([]).exists(o, o.kind == %q && o.?controller.orValue(false))`, kind)
}

// federated are the conditions, all of which hold for an object that is federated, if it is of one of these kinds: kinds.Federated in CEL.
func federated(of []kinds.Kind) []string {
	conditions := []string{
		mark("annotations") + ` != "false"`,
		`!request.?namespace.orValue("").startsWith("kube-")`,
	}
	for _, k := range of {
		if also, ok := exceptions[k.ID()]; ok {
			conditions = append(conditions, fmt.Sprintf(`(request.resource.resource != %q || %s)`, k.Resource, also))
		}
	}
	return conditions
}

func quoted(all []string) string {
	q := make([]string, len(all))
	for i, s := range all {
		q[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(q, ", ")
}
