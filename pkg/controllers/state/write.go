package state

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// fieldManager owns what the Writer writes.
const fieldManager = "fedhelm-state"

// longestRequest is how long the federation API may take for an answer.
const longestRequest = 30 * time.Second

// asMetadata asks for as little of an answer as there can be.
const asMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// write brings the object up to date, and tells what has begun. It returns the version that this has led to; "" if nothing was written.
//
// The UID is the only precondition: a state is written into the object that it is of. No other version of it is insisted on, since nobody else
// writes what is written here, and observedGeneration says which generation was looked at.
func (w *Writer) write(ctx context.Context, s *Snapshot, c *composed) (version string, err error) {
	if !c.nothing() {
		version, err = w.patch(ctx, s.Kind, s.Key.Namespace, s.Key.Name, s.UID, c.annotations, c.status)
		if apierrors.IsInvalid(err) && c.status != nil && len(c.annotations) > 0 {
			// The status of a copy is not always one that this object may have: its type may just have been changed, say. The rest is told.
			refused := err
			version, err = w.patch(ctx, s.Kind, s.Key.Namespace, s.Key.Name, s.UID, c.annotations, nil)
			if err == nil {
				err = refused
				w.announce(s, c.events)
			}
		}
	}
	if isGone(err) {
		ctrl.LoggerFrom(ctx).V(1).Info("The object has gone; its state is not written")
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("write the state of %s: %w", s.Key, err)
	}
	w.announce(s, c.events)
	return version, nil
}

// patch changes annotations and status of an object at once.
func (w *Writer) patch(
	ctx context.Context, k kinds.Kind, namespace, name string, uid types.UID, annotations map[string]any, status json.RawMessage,
) (version string, err error) {
	metadata := map[string]any{"uid": uid}
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	body := map[string]any{"metadata": metadata}
	path := k.Path(namespace, name)
	if status != nil {
		body["status"] = status
		path += "/status"
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	return send(ctx, w.o.API.Patch(types.MergePatchType).AbsPath(path).Body(raw))
}

// send returns the resourceVersion that the request has led to.
func send(ctx context.Context, r *rest.Request) (string, error) {
	var answer metav1.PartialObjectMetadata
	err := ask(ctx, r.Param("fieldManager", fieldManager).SetHeader("Accept", asMetadata), &answer)
	return answer.ResourceVersion, err
}

// ask reads the answer to a request, which is JSON.
func ask(ctx context.Context, r *rest.Request, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	result := r.Do(ctx)
	raw, _ := result.Raw()
	if err := result.Error(); err != nil { // unlike that of Raw, in the server's own words
		return err
	}
	return json.Unmarshal(raw, answer)
}

// isGone tells that the object is not there any more, or another of its name is.
func isGone(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsConflict(err) }
