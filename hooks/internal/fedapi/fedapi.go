// Package fedapi asks a federation API how it is. Each function makes one
// request, and returns nil or an error saying what is not as it should be.
package fedapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// requestTimeout bounds one request: packets to a Service without endpoints may
// vanish, and waiting for an answer would use up the whole wait.
const requestTimeout = 5 * time.Second

// Ready asks whether the API server is ready. The server's certificate is
// verified on the way.
func Ready(ctx context.Context, api rest.Interface) error {
	_, err := get(ctx, api, "/readyz")
	if failing := failingChecks(err); len(failing) > 0 {
		return fmt.Errorf("not ready yet: %s", strings.Join(failing, ", "))
	}
	return err
}

// failingChecks are those among the many checks that /readyz answers with which
// failed. client-go keeps the answer in the error alone.
func failingChecks(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var failing []string
	for _, cause := range status.Status().Details.Causes {
		for line := range strings.Lines(cause.Message) {
			if check, ok := strings.CutPrefix(line, "[-]"); ok {
				name, _, _ := strings.Cut(check, " ")
				failing = append(failing, name)
			}
		}
	}
	return failing
}

// NamespaceActive asks whether the namespace exists and is Active.
func NamespaceActive(ctx context.Context, api rest.Interface, name string) error {
	var ns corev1.Namespace
	if err := read(ctx, api, "/api/v1/namespaces/"+name, &ns); err != nil {
		return fmt.Errorf("namespace %q: %w", name, err)
	}
	if ns.Status.Phase != corev1.NamespaceActive {
		return fmt.Errorf("namespace %q is %s, not %s", name, ns.Status.Phase, corev1.NamespaceActive)
	}
	return nil
}

// UID asks for the federation's, which is that of the namespace kube-system.
func UID(ctx context.Context, api rest.Interface) (string, error) {
	var ns corev1.Namespace
	if err := read(ctx, api, "/api/v1/namespaces/"+metav1.NamespaceSystem, &ns); err != nil {
		return "", fmt.Errorf("namespace %q: %w", metav1.NamespaceSystem, err)
	}
	return string(ns.UID), nil
}

// ZoneRead asks whether the federation has ever read a DNS zone of a provider, given by its absolute name: what it has never read it has
// never written to.
func ZoneRead(ctx context.Context, api rest.Interface, provider, zone string) (bool, error) {
	var list fedv1beta1.DNSZoneList
	err := read(ctx, api, "/apis/"+fedv1beta1.SchemeGroupVersion.String()+"/dnszones", &list)
	if apierrors.IsNotFound(err) {
		return false, nil // the kind: no controller manager has been at work yet
	}
	if err != nil {
		return false, fmt.Errorf("list DNSZones: %w", err)
	}
	for i := range list.Items {
		z := &list.Items[i]
		if z.Spec.Provider == provider && z.Spec.Zone == zone && z.Status.LastSyncTime != nil {
			return true, nil
		}
	}
	return false, nil
}

// Established asks whether the CustomResourceDefinition is there and served.
func Established(ctx context.Context, api rest.Interface, name string) error {
	var crd struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := read(ctx, api, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"+name, &crd); err != nil {
		return fmt.Errorf("definition %q: %w", name, err)
	}
	for _, c := range crd.Status.Conditions {
		switch {
		case c.Type == "NamesAccepted" && c.Status == "False":
			return fmt.Errorf("definition %q: its names are not accepted: %s", name, c.Message)
		case c.Type == "Established" && c.Status == "True":
			return nil
		}
	}
	return fmt.Errorf("definition %q is not established", name)
}

func read(ctx context.Context, api rest.Interface, path string, into any) error {
	body, err := get(ctx, api, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

func get(ctx context.Context, api rest.Interface, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, requestTimeout, errNoAnswer)
	defer cancel()
	body, err := api.Get().AbsPath(path).SetHeader("Accept", "application/json, */*").Do(ctx).Raw()
	if err != nil && errors.Is(context.Cause(ctx), errNoAnswer) {
		return nil, errNoAnswer
	}
	return body, err
}

var errNoAnswer = fmt.Errorf("no answer within %s", requestTimeout)
