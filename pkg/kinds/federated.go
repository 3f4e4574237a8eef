package kinds

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Secrets of these types belong to the cluster, or to the release, that they were made in.
var localSecrets = []string{"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"}

// LocalSecretTypes returns the types of Secrets that are not federated. The caller owns the slice.
func LocalSecretTypes() []string { return slices.Clone(localSecrets) }

// Federated says whether an object of the federation API goes into members. What does not is what its control plane, or a controller
// there, makes for itself, and what the user keeps out. The admission policy that puts on the finalizer says the same, in CEL.
//
// The object may be a PartialObjectMetadata, except that of a Secret the type must be known.
func Federated(k Kind, o *unstructured.Unstructured) bool {
	name, namespace := o.GetName(), o.GetNamespace()
	mark := o.GetAnnotations()[fedv1beta1.AnnotationFederate]
	if k.Leaving || mark == "false" || strings.HasPrefix(namespace, "kube-") {
		return false
	}
	switch k.ID() {
	case "namespaces":
		return name != metav1.NamespaceDefault && !strings.HasPrefix(name, "kube-")
	case "services":
		return name != "kubernetes" || namespace != metav1.NamespaceDefault
	case "configmaps":
		return name != "kube-root-ca.crt"
	case "serviceaccounts":
		return name != "default"
	case "secrets":
		kind, _, _ := unstructured.NestedString(o.Object, "type")
		return !slices.Contains(localSecrets, kind)
	case "replicasets.apps":
		return !controlledBy(o, "Deployment")
	case "jobs.batch":
		return !controlledBy(o, "CronJob")
	case CRD:
		return mark == "true" || o.GetLabels()[fedv1beta1.AnnotationFederate] == "true"
	default:
		return true
	}
}

func controlledBy(o *unstructured.Unstructured, kind string) bool {
	owner := metav1.GetControllerOfNoCopy(o)
	return owner != nil && owner.Kind == kind
}
