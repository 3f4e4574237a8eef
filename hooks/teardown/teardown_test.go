package teardown

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

type fakeSecrets struct {
	items []metav1.PartialObjectMetadata
	err   error
}

func (f fakeSecrets) List(_ context.Context, o metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
	selector, err := labels.Parse(o.LabelSelector)
	if err != nil {
		return nil, err
	}
	list := &metav1.PartialObjectMetadataList{}
	for _, item := range f.items {
		if selector.Matches(labels.Set(item.Labels)) {
			list.Items = append(list.Items, item)
		}
	}
	return list, f.err
}

type fakeServices map[string]*corev1.Service

func (f fakeServices) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Service, error) {
	if s, ok := f[name]; ok {
		return s, nil
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "services"}, name)
}

func secret(set map[string]string) metav1.PartialObjectMetadata {
	return metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: set}}
}

func member(federation, cluster string) metav1.PartialObjectMetadata {
	return secret(map[string]string{"federation.fedhelm.io/federation": federation, "federation.fedhelm.io/cluster": cluster})
}

func service(annotation string) fakeServices {
	return fakeServices{"fellowship-apiserver": {ObjectMeta: metav1.ObjectMeta{
		Annotations: map[string]string{"federation.fedhelm.io/teardown": annotation},
	}}}
}

func TestRun(t *testing.T) {
	tests := []struct {
		name     string
		secrets  []metav1.PartialObjectMetadata
		services fakeServices
		refused  bool
	}{
		{"nobody is joined", nil, service(""), false},
		{"members of another federation do not count", []metav1.PartialObjectMetadata{member("other", "gondor")}, service(""), false},
		{"a Secret of the federation that is no member's does not count", []metav1.PartialObjectMetadata{
			secret(map[string]string{"federation.fedhelm.io/federation": "fellowship"}),
		}, service(""), false},
		{"members are joined", []metav1.PartialObjectMetadata{member("fellowship", "rohan"), member("fellowship", "gondor")}, service(""), true},
		{"members are joined and the Service is gone", []metav1.PartialObjectMetadata{member("fellowship", "rohan"), member("fellowship", "gondor")}, nil, true},
		{"the annotation says something else", []metav1.PartialObjectMetadata{member("fellowship", "rohan"), member("fellowship", "gondor")}, service("true"), true},
		{"it is forced", []metav1.PartialObjectMetadata{member("fellowship", "rohan"), member("fellowship", "gondor")}, service("force"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			err := Run(t.Context(), Options{
				Federation: "fellowship", Namespace: "federation-system",
				Services: tt.services, Secrets: fakeSecrets{items: tt.secrets}, Out: &out,
			})
			if (err != nil) != tt.refused {
				t.Fatalf("Run = %v", err)
			}
			if err == nil {
				return
			}
			for _, says := range []string{
				"fedhelm unjoin gondor; fedhelm unjoin rohan", "helm rollback fellowship --namespace=federation-system",
				"kubectl annotate service fellowship-apiserver --namespace=federation-system federation.fedhelm.io/teardown=force",
			} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Error("the error is longer than a line")
			}
		})
	}
}

func TestUnknownIsNotNobody(t *testing.T) {
	broken := errors.New("broken")
	err := Run(t.Context(), Options{Federation: "fellowship", Services: service("force"), Secrets: fakeSecrets{err: broken}})
	if !errors.Is(err, broken) {
		t.Errorf("Run = %v", err)
	}
}
