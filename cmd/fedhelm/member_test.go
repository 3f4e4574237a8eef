package main

import (
	"strings"
	"syscall"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// TestJoinAndUnjoinAreRefusedWithoutTheirFederation looks at what ends both commands before anything is read of the member.
func TestJoinAndUnjoinAreRefusedWithoutTheirFederation(t *testing.T) {
	silent := fake.NewClientset()
	silent.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, syscall.ECONNREFUSED })
	for _, tt := range []struct {
		name   string
		client *fake.Clientset
		says   []string
	}{
		{"a host cluster without a federation", fake.NewClientset(), []string{"there is no federation", "fedhelm init"}},
		{"a host cluster that does not answer", silent, []string{"nothing listens at", "--host-cluster-context"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, command := range []string{"join", "unjoin"} {
				c := newConsole(tt.client, noHelm{})
				c.connectMember = func(contextOptions) (*memberCluster, error) { return &memberCluster{}, nil }
				err := c.fedhelm(command, "gondor")
				if exitCode(err) != exitRefused {
					t.Fatalf("%s ends with %v (exit code %d)", command, err, exitCode(err))
				}
				for _, part := range tt.says {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s does not say %q: %v", command, part, err)
					}
				}
			}
		})
	}
}
