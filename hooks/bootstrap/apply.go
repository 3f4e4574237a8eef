package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/admission"
)

const (
	fieldOwner = "fedhelm"
	crdKind    = "CustomResourceDefinition"
)

// resources are the kinds that can be applied here. Asking the API for them
// would cost a start of the controller manager several round trips.
var resources = map[string]string{
	crdKind:              "customresourcedefinitions",
	"ClusterRole":        "clusterroles",
	"ClusterRoleBinding": "clusterrolebindings",
	"Role":               "roles",
	"RoleBinding":        "rolebindings",

	"FlowSchema":                       "flowschemas",
	"MutatingAdmissionPolicy":          "mutatingadmissionpolicies",
	"MutatingAdmissionPolicyBinding":   "mutatingadmissionpolicybindings",
	"ValidatingAdmissionPolicy":        "validatingadmissionpolicies",
	"ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}

// object is a manifest and where it goes.
type object struct {
	kind, name string
	path       []string
	body       []byte // JSON
}

// objects are all that bootstrap applies: the definitions before the rights to them, and the rights after what limits them.
func objects(o Options) ([]object, error) {
	var all []object
	for _, manifest := range o.CRDs {
		body, err := yaml.YAMLToJSON(manifest)
		if err != nil {
			return nil, fmt.Errorf("read a CustomResourceDefinition: %w", err)
		}
		obj, err := newObject(body)
		if err != nil {
			return nil, err
		}
		all = append(all, obj)
	}
	base := []any{leaderElection()}
	for _, typed := range admission.Objects(o.Kinds) {
		base = append(base, typed)
	}
	for _, typed := range append(base, accessRights(o.AdminGroup, o.Kinds)...) {
		body, err := json.Marshal(typed)
		if err != nil {
			return nil, fmt.Errorf("encode a base object: %w", err)
		}
		obj, err := newObject(body)
		if err != nil {
			return nil, err
		}
		all = append(all, obj)
	}
	return all, nil
}

func newObject(body []byte) (object, error) {
	var u unstructured.Unstructured
	if err := json.Unmarshal(body, &u); err != nil {
		return object{}, fmt.Errorf("read a base object: %w", err)
	}
	resource, ok := resources[u.GetKind()]
	if !ok {
		return object{}, fmt.Errorf("object %q is a %s, which bootstrap does not apply", u.GetName(), u.GetKind())
	}
	path := []string{"apis", u.GetAPIVersion()}
	if ns := u.GetNamespace(); ns != "" {
		path = append(path, "namespaces", ns)
	}
	merged := u.GetLabels()
	if merged == nil {
		merged = map[string]string{}
	}
	for k, v := range labels() {
		merged[k] = v
	}
	u.SetLabels(merged)
	// A null would be applied as a value.
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "status")
	body, err := json.Marshal(u.Object)
	if err != nil {
		return object{}, fmt.Errorf("encode %s %q: %w", u.GetKind(), u.GetName(), err)
	}
	return object{u.GetKind(), u.GetName(), append(path, resource, u.GetName()), body}, nil
}

// apply takes the fields over from whoever else set them: they are what this
// version of the control plane works with.
func (o object) apply(ctx context.Context, api rest.Interface) error {
	err := api.Patch(types.ApplyPatchType).
		AbsPath(o.path...).
		VersionedParams(&metav1.PatchOptions{FieldManager: fieldOwner, Force: new(true)}, metav1.ParameterCodec).
		Body(o.body).
		Do(ctx).
		Error()
	if err != nil {
		return fmt.Errorf("apply %s %q to the federation API: %w", o.kind, o.name, err)
	}
	return nil
}
