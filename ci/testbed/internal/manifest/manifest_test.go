package manifest

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// typed are the kinds that the manifests consist of.
var typed = map[string]func() any{
	"ServiceAccount":     func() any { return &corev1.ServiceAccount{} },
	"ClusterRole":        func() any { return &rbacv1.ClusterRole{} },
	"ClusterRoleBinding": func() any { return &rbacv1.ClusterRoleBinding{} },
	"Service":            func() any { return &corev1.Service{} },
	"Deployment":         func() any { return &appsv1.Deployment{} },
	"ConfigMap":          func() any { return &corev1.ConfigMap{} },
	"StorageClass":       func() any { return &storagev1.StorageClass{} },
}

func TestObjectsAreOfTheirKindsWithoutUnknownFields(t *testing.T) {
	objects, err := Objects(Values{DNSService: "10.0.0.10", CoreDNS: "example.com/coredns:v1"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, o := range objects {
		into, ok := typed[o.GetKind()]
		if !ok {
			t.Errorf("unexpected kind %s", o.GetKind())
			continue
		}
		v := into()
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, v, true); err != nil {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
		seen[o.GetKind()] = true
		switch v := v.(type) {
		case *corev1.Service:
			if v.Spec.ClusterIP != "10.0.0.10" {
				t.Errorf("the DNS Service has address %q", v.Spec.ClusterIP)
			}
		case *appsv1.Deployment:
			if image := v.Spec.Template.Spec.Containers[0].Image; image != "example.com/coredns:v1" {
				t.Errorf("CoreDNS has image %q", image)
			}
		case *storagev1.StorageClass:
			if v.Provisioner != Provisioner {
				t.Errorf("the default StorageClass is for %s, not %s", v.Provisioner, Provisioner)
			}
		}
		if o.Once != (o.GetKind() == "ConfigMap") {
			t.Errorf("%s %s: made once %v", o.GetKind(), o.GetName(), o.Once)
		}
	}
	if len(seen) != len(typed) {
		t.Errorf("kinds %v", seen)
	}
}
