// Package pods finds out why the pods of a workload are not ready.
package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	// patience is for how long a pod may find no room before it counts as unschedulable: clusters that grow need a while.
	patience = time.Minute
	// most pods are looked at. Those of one workload have the same troubles, and a list of all would cost more than it tells.
	most = "500"
)

// Look counts the pods of a workload that the cluster has had no room for, for longer than a minute, and says in a line for people what
// those that are not ready wait for. It asks for the workload's selector and one page of pods. An object that has no selector, or is
// not there, has no pods. What it says has nothing of commands, arguments and environments.
func Look(ctx context.Context, api rest.Interface, now time.Time, kind kinds.Kind, namespace, name string) (unschedulable int32, waiting string, err error) {
	selector, err := selectorOf(ctx, api, kind.Path(namespace, name))
	if err != nil || selector == "" {
		return 0, "", err
	}
	raw, err := api.Get().AbsPath("/api/v1/namespaces", namespace, "pods").
		Param("labelSelector", selector).Param("limit", most).MaxRetries(0).DoRaw(ctx)
	if err != nil {
		return 0, "", fmt.Errorf("list the pods of %s %q in namespace %q: %w", kind.ID(), name, namespace, err)
	}
	var list struct{ Items []pod }
	if err := json.Unmarshal(raw, &list); err != nil {
		return 0, "", fmt.Errorf("read the pods of %s %q in namespace %q: %w", kind.ID(), name, namespace, err)
	}
	unschedulable, waiting = sum(list.Items, now)
	return unschedulable, waiting, nil
}

// selectorOf returns the selector of the workload at the path as a query has it; empty if it has none.
func selectorOf(ctx context.Context, api rest.Interface, path string) (string, error) {
	raw, err := api.Get().AbsPath(path).MaxRetries(0).DoRaw(ctx)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("get the selector of %s: %w", path, err)
	}
	var workload struct {
		Spec struct{ Selector json.RawMessage }
	}
	if err := json.Unmarshal(raw, &workload); err != nil {
		return "", fmt.Errorf("read the selector of %s: %w", path, err)
	}
	var selector metav1.LabelSelector
	if err := json.Unmarshal(workload.Spec.Selector, &selector); err != nil {
		return "", nil //nolint:nilerr // no selector, or that of another kind, which is of something else
	}
	parsed, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		return "", fmt.Errorf("read the selector of %s: %w", path, err)
	}
	return parsed.String(), nil // empty if it would select everything, which no workload does
}
