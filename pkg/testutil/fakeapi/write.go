package fakeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// absent is the resourceVersion that no object has: what is written with it must not be there yet.
const absent = "1"

// change answers what writes an object.
func (a *API) change(w http.ResponseWriter, r *http.Request, c *collection, req request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	var written result
	switch patch, _, _ := bytes.Cut([]byte(r.Header.Get("Content-Type")), []byte(";")); {
	case r.Method == http.MethodPatch && types.PatchType(patch) == types.MergePatchType:
		written, err = a.merge(c, req, body)
	case r.Method == http.MethodPatch && types.PatchType(patch) == types.ApplyPatchType:
		req.operation = apply
		written, err = a.write(c, req, body)
	case r.Method == http.MethodPatch:
		err = apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, "patch", c.kind.GroupResource(), req.name, string(patch), 0, true)
	default:
		written, err = a.write(c, req, body)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	if a.o.Written != nil {
		a.o.Written(c.kind, a.shown(written.object))
	}
	code := http.StatusOK
	if written.made {
		code = http.StatusCreated
	}
	answer(w, code, a.appendObject(nil, c.kind, written.object, req.metadata))
}

// result is what a write has led to.
type result struct {
	object *object
	made   bool
}

// write makes the object what the body says.
func (a *API) write(c *collection, req request, body []byte) (result, error) {
	at := id{req.namespace, req.name}
	a.mu.RLock()
	before := c.objects[at]
	a.mu.RUnlock()
	// The usual preconditions are taken out, so that the rest is known already if another cluster was told the same.
	body, absentOnly := withoutPrecondition(body, `"resourceVersion":"`+absent+`",`)
	sameOnly := false
	if before != nil {
		body, sameOnly = withoutPrecondition(body, `"uid":"`+a.uid(before)+`",`)
	}
	said, err := a.o.Parsed.of(body)
	if err != nil {
		return result{}, apierrors.NewBadRequest(err.Error())
	}
	if req.name == "" { // created by a POST
		req.name, at.name = said.name, said.name
	}
	if said.name != req.name || said.namespace != req.namespace {
		return result{}, apierrors.NewBadRequest(fmt.Sprintf("the body is of %s/%s, the path of %s", said.namespace, said.name, req.fullName()))
	}
	preconditions := *said
	if absentOnly {
		preconditions.version = absent
	}
	if sameOnly {
		preconditions.uid = a.uid(before)
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	if req.namespace != "" && a.collections[namespacesPath].objects[id{name: req.namespace}] == nil {
		return result{}, apierrors.NewNotFound(a.collections[namespacesPath].kind.GroupResource(), req.namespace)
	}
	before = c.objects[at]
	if err := a.refused(c, req, before, preconditions.uid, preconditions.version); err != nil {
		return result{}, err
	}
	managed := managedBy(before, req, said.fields)
	if before != nil && before.metadata == said.metadata && before.top == said.top && sameManagers(before.managed, managed) {
		return result{object: before}, nil
	}
	status := said.status
	if before != nil {
		status = before.status
	}
	return result{object: a.store(c, at, before, said, managed, status), made: before == nil}, nil
}

// refused says why the preconditions do not hold.
func (a *API) refused(c *collection, req request, before *object, uid, version string) error {
	conflict := func(why string) error {
		return apierrors.NewConflict(c.kind.GroupResource(), req.name, errors.New(why))
	}
	switch {
	case before == nil && uid != "":
		return conflict("uid mismatch: the provided object specified uid " + uid + ", and no existing object was found")
	case before == nil && version != "" && version != absent:
		return apierrors.NewNotFound(c.kind.GroupResource(), req.name)
	case before == nil:
		return nil
	case uid != "" && uid != a.uid(before):
		return conflict("uid mismatch: the provided object specified uid " + uid + ", and the existing object has uid " + a.uid(before))
	case version != "" && version != strconv.FormatUint(before.version, 10):
		return conflict("the object has been modified; please apply your changes to the latest version and try again")
	}
	return nil
}

// store puts what was said in the place of before. The caller holds mu.
func (a *API) store(c *collection, at id, before *object, said *content, by []managed, status json.RawMessage) *object {
	a.version++
	o := &object{content: said, version: a.version, generation: 1, created: time.Now().Unix(), status: status, managed: by}
	if before == nil {
		a.uids++
		o.number = a.uids
	} else {
		o.number, o.created, o.generation = before.number, before.created, before.generation
		if before.top != said.top {
			o.generation++
		}
	}
	c.put(a.version, at, o)
	if a.o.Controllers != nil && c.kind.Status && (before == nil || before.generation != o.generation) {
		if status, after := a.o.Controllers(c.kind, a.shown(o)); status != nil {
			time.AfterFunc(after, func() { a.setStatus(c, at, o.number, status) })
		}
	}
	return o
}

// setStatus is for controllers: the object may have gone, or be another one.
func (a *API) setStatus(c *collection, at id, number uint64, status json.RawMessage) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := c.objects[at]
	if before == nil || number != 0 && before.number != number {
		return false
	}
	after := *before
	a.version++
	after.version, after.status = a.version, status
	c.put(a.version, at, &after)
	return true
}

// managedBy is who manages an object after an apply or an update: of others, nothing stays but what they own beside.
func managedBy(before *object, req request, fields string) []managed {
	mine := managed{manager: req.manager, operation: req.operation, fields: fields, at: time.Now().Unix()}
	all := []managed{mine}
	if before == nil {
		return all
	}
	for _, m := range before.managed {
		if m.manager == mine.manager && m.operation == mine.operation {
			if m.fields == mine.fields {
				all[0].at = m.at
			}
		} else if rest := difference(m.fields, fields); rest != "{}" {
			m.fields = rest
			all = append(all, m)
		}
	}
	return all
}

func sameManagers(a, b []managed) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].manager != b[i].manager || a[i].operation != b[i].operation || a[i].fields != b[i].fields {
			return false
		}
	}
	return true
}
