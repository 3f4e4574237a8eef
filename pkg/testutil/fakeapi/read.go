package fakeapi

import (
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// match is what a list or a watch asks for.
type match struct {
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func matchOf(r *http.Request, req request) (match, error) {
	m := match{namespace: req.namespace}
	var err error
	if m.labels, err = labels.Parse(r.URL.Query().Get("labelSelector")); err != nil {
		return m, apierrors.NewBadRequest(err.Error())
	}
	if m.fields, err = fields.ParseSelector(r.URL.Query().Get("fieldSelector")); err != nil {
		return m, apierrors.NewBadRequest(err.Error())
	}
	return m, nil
}

// object reports whether an object is asked for; one that is nil is not.
func (m match) object(at id, o *object) bool {
	return o != nil && (m.namespace == "" || m.namespace == at.namespace) && m.labels.Matches(labels.Set(o.labels)) &&
		(m.fields.Empty() || m.fields.Matches(fields.Set{"metadata.name": at.name, "metadata.namespace": at.namespace}))
}

func (a *API) get(w http.ResponseWriter, c *collection, req request) {
	a.mu.RLock()
	o := c.objects[id{req.namespace, req.name}]
	a.mu.RUnlock()
	if o == nil {
		refuse(w, apierrors.NewNotFound(c.kind.GroupResource(), req.name))
		return
	}
	answer(w, http.StatusOK, a.appendObject(nil, c.kind, o, req.metadata))
}

func (a *API) list(w http.ResponseWriter, r *http.Request, c *collection, req request) {
	m, err := matchOf(r, req)
	if err != nil {
		refuse(w, err)
		return
	}
	a.mu.RLock()
	version, found := a.version, c.all(m)
	a.mu.RUnlock()
	kind, apiVersion := c.kind.Kind+"List", c.kind.GroupVersionKind().GroupVersion().String()
	if req.metadata {
		kind, apiVersion = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	b := []byte(`{"kind":"` + kind + `","apiVersion":"` + apiVersion + `","metadata":{"resourceVersion":"` + strconv.FormatUint(version, 10) + `"},"items":[`)
	for i, o := range found {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.appendObject(b, c.kind, o, req.metadata)
	}
	answer(w, http.StatusOK, append(b, "]}"...))
}
