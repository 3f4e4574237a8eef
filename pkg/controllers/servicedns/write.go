package servicedns

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// fieldManager owns what is written here.
const fieldManager = "fedhelm-dns"

// longestRequest is how long the federation API may take for an answer.
const longestRequest = 30 * time.Second

// write makes the annotation and the condition what they shall be, in one request, and returns the version that this has led to. It is a
// strategic merge patch of the status: others write other annotations and other parts of the status, and conditions are merged by their types. The
// UID is the precondition, so that nothing is written into another Service of the name.
func write(ctx context.Context, api corev1client.ServicesGetter, s *source, annotation string, condition *metav1.Condition) (version string, err error) {
	var text any
	if annotation != "" {
		text = annotation
	}
	patch := map[string]any{"metadata": map[string]any{"uid": s.uid, "annotations": map[string]any{fedv1beta1.AnnotationDNS: text}}}
	switch {
	case condition != nil:
		patch["status"] = map[string]any{"conditions": []any{condition}}
	case s.condition != nil:
		patch["status"] = map[string]any{"conditions": []any{map[string]any{"$patch": "delete", "type": fedv1beta1.ServiceDNS}}}
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return "", fmt.Errorf("encode a patch of Service %q: %w", s.key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	is, err := api.Services(s.key.Namespace).Patch(ctx, s.key.Name, types.StrategicMergePatchType, body,
		metav1.PatchOptions{FieldManager: fieldManager}, "status")
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return "", nil // it has gone, or another has its name: that is seen soon
	}
	if err != nil {
		return "", fmt.Errorf("patch the status of Service %q: %w", s.key, err)
	}
	return is.ResourceVersion, nil
}

// clear takes annotation and condition off a Service that is not published any more.
func (c *Controller) clear(ctx context.Context, s *source) error {
	_, err := write(ctx, c.o.Services, s, "", nil)
	return err
}
