package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// absent deletes the copy, if it is ours. One that holds what is others' is released instead.
func (j *job) absent(ctx context.Context, r *record) verdict {
	j.forgets = true
	switch {
	case r.there && r.ours && r.terminating:
		return verdict{state: Terminating}
	case r.state == Kept && r.note != nil && (!r.there || !r.ours):
		return verdict{state: Kept, message: r.note.message}
	case !r.there || !r.ours:
		return gone()
	}
	h, err := j.holds(ctx)
	if err != nil {
		return j.failed(err)
	}
	return j.part(ctx, r, h)
}

// part deletes the copy, or releases it if it holds what is others'. It stays ours while it holds what is wished.
func (j *job) part(ctx context.Context, r *record, h held) verdict {
	switch {
	case h.others == "" && h.wished == "":
		return j.remove(ctx, r, "")
	case h.others == "":
		return verdict{state: Pending, message: say("stays while it holds what is wished, such as %s", h.wished), again: whileWished}
	}
	v := j.release(ctx, r)
	if v.state == Gone {
		v = verdict{state: Kept, message: say("kept for what others have in it: %s", h.others)}
	}
	return v
}

// gone is the verdict when there is no copy. The key is looked at once more, when nobody wishes anything any more, to be forgotten.
func gone() verdict { return verdict{state: Gone, again: beforeForgetting} }

const (
	beforeForgetting = 15 * time.Minute
	whileWished      = 10 * time.Second
)

// release takes our marks off the copy, and gives up our fields, which stay as they are.
func (j *job) release(ctx context.Context, r *record) verdict {
	j.forgets = true
	if !r.there || !r.ours {
		return gone()
	}
	for range 3 {
		m, err := j.client.metadata(ctx, j.kind, j.n.namespace, j.n.name)
		if err == nil {
			if s := j.t.metadata(&m.ObjectMeta); s.uid != r.uid || !s.ours {
				j.lost(r.uid)
				return gone()
			}
			_, err = j.client.mergeMetadata(ctx, j.kind, j.n.namespace, j.n.name, unmarking(m))
		}
		switch {
		case err == nil, isMissing(err):
			j.lost(r.uid)
			return gone()
		case !apierrors.IsConflict(err):
			return j.failed(err)
		}
	}
	return verdict{state: Pending, message: "it changes all the time in the member", failed: true}
}

// unmarking is a merge patch that takes the marks off the object as it is, and what we applied out of the fields' managers.
func unmarking(m *metav1.PartialObjectMetadata) []byte {
	others := slices.DeleteFunc(slices.Clone(m.ManagedFields), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == fieldManager && e.Operation == metav1.ManagedFieldsOperationApply
	})
	if len(others) == 0 {
		others = []metav1.ManagedFieldsEntry{{}} // none, as the API has it; an empty list would be as good as not said
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": m.UID, "resourceVersion": m.ResourceVersion, "managedFields": others,
		"labels": map[string]any{fedv1beta1.LabelPropagatedBy: nil},
		"annotations": map[string]any{
			fedv1beta1.AnnotationFederationUID: nil, fedv1beta1.AnnotationSourceUID: nil, fedv1beta1.AnnotationHash: nil,
		},
	}})
	if err != nil {
		panic(fmt.Sprintf("metadata that came as JSON cannot be encoded: %v", err))
	}
	return patch
}
