package preflight

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

// MinVersion is the oldest Kubernetes that a host cluster may run; the chart's kubeVersion says the same.
const MinVersion = "1.29"

// host is the host cluster as a command's user reaches it.
func (o InitOptions) host() target {
	return target{client: o.Client, context: o.Context, server: o.Server, flag: "--host-cluster-context", noun: "host cluster"}
}

func (o InitOptions) hostAPI(ctx context.Context) error { return o.host().answers(ctx) }

func (o InitOptions) hostVersion(context.Context) error {
	info, err := o.Client.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	have, err := version.ParseGeneric(info.GitVersion)
	if err != nil {
		return fmt.Errorf("version of the host cluster: %w", err)
	}
	if have.LessThan(version.MustParseGeneric(MinVersion)) {
		return &Problem{
			Reason: fmt.Sprintf("the host cluster runs Kubernetes %s, the oldest supported is %s", info.GitVersion, MinVersion),
			WayOut: "upgrade it, or choose another with --host-cluster-context",
		}
	}
	return nil
}

func (o InitOptions) namespace(ctx context.Context) error {
	ns, err := o.Client.CoreV1().Namespaces().Get(ctx, o.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil // it is made, which the permissions check looks at; or it cannot be seen
	}
	if err != nil {
		return err
	}
	if ns.Status.Phase == corev1.NamespaceTerminating {
		return &Problem{
			Reason: fmt.Sprintf("namespace %q is being deleted", o.Namespace),
			WayOut: fmt.Sprintf("wait for it: kubectl --context=%s wait --for=delete namespace/%s", o.Context, o.Namespace),
		}
	}
	return nil
}
