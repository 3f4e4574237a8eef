// Package manifest holds what every cluster of a test bed has besides its processes: DNS and a default StorageClass.
package manifest

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

//go:embed *.yaml
var files embed.FS

// Provisioner is the name by which the default StorageClass asks for volumes.
const Provisioner = "testbed.fedhelm.io/local"

// Values differ from cluster to cluster.
type Values struct {
	DNSService string // address of Service kube-dns
	CoreDNS    string // its image
}

// Object is one to apply.
type Object struct {
	*unstructured.Unstructured
	// Once leaves an object alone that exists: others may have changed it.
	Once bool
}

// Objects are all there are, in an order in which they can be created.
func Objects(v Values) ([]Object, error) {
	var objects []Object
	for _, name := range []string{"storage.yaml", "corefile.yaml", "dns.yaml"} {
		list, err := parse(name)
		if err != nil {
			return nil, err
		}
		for _, u := range list {
			objects = append(objects, Object{Unstructured: u, Once: u.GetKind() == "ConfigMap"})
		}
	}
	for _, o := range objects {
		if err := v.fill(o.Unstructured); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

func parse(name string) ([]*unstructured.Unstructured, error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(b), 4096)
	var list []*unstructured.Unstructured
	for {
		u := &unstructured.Unstructured{}
		if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, u)
	}
}

func (v Values) fill(u *unstructured.Unstructured) error {
	switch u.GetKind() {
	case "Service":
		return unstructured.SetNestedField(u.Object, v.DNSService, "spec", "clusterIP")
	case "Deployment":
		path := []string{"spec", "template", "spec", "containers"}
		containers, _, err := unstructured.NestedSlice(u.Object, path...)
		if err != nil {
			return err
		}
		containers[0].(map[string]any)["image"] = v.CoreDNS
		return unstructured.SetNestedSlice(u.Object, containers, path...)
	}
	return nil
}

// Apply applies the objects, server-side.
func Apply(ctx context.Context, cfg *rest.Config, objects []Object) error {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	for _, o := range objects {
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind()) // right for every kind used here
		api := client.Resource(resource).Namespace(o.GetNamespace())
		if o.Once {
			_, err = api.Create(ctx, o.Unstructured, metav1.CreateOptions{FieldManager: "testbed"})
			if apierrors.IsAlreadyExists(err) {
				err = nil
			}
		} else {
			_, err = api.Apply(ctx, o.GetName(), o.Unstructured, metav1.ApplyOptions{FieldManager: "testbed", Force: true})
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}
