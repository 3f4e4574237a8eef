package fakeapi

import (
	"encoding/json"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// remove answers a DELETE. A namespace goes with all that is in it.
func (a *API) remove(w http.ResponseWriter, r *http.Request, c *collection, req request) {
	var options metav1.DeleteOptions
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &options)
	}
	if err != nil {
		refuse(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	var uid types.UID
	var version string
	if p := options.Preconditions; p != nil {
		if p.UID != nil {
			uid = *p.UID
		}
		if p.ResourceVersion != nil {
			version = *p.ResourceVersion
		}
	}
	if err := a.take(c, req, string(uid), version); err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, []byte(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}`))
}

func (a *API) take(c *collection, req request, uid, version string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := id{req.namespace, req.name}
	before := c.objects[at]
	if before == nil {
		return apierrors.NewNotFound(c.kind.GroupResource(), req.name)
	}
	if err := a.refused(c, req, before, uid, version); err != nil {
		return err
	}
	a.version++
	c.put(a.version, at, nil)
	if c != a.collections[namespacesPath] {
		return nil
	}
	for _, inner := range a.collections {
		for at := range inner.objects {
			if at.namespace == req.name && inner.kind.Namespaced {
				a.version++
				inner.put(a.version, at, nil)
			}
		}
	}
	return nil
}
