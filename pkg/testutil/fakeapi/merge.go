package fakeapi

import (
	"encoding/json"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// merge answers a JSON merge patch. Whose fields it changes loses them.
func (a *API) merge(c *collection, req request, patch []byte) (result, error) {
	var changes map[string]any
	if err := json.Unmarshal(patch, &changes); err != nil {
		return result{}, apierrors.NewBadRequest("the patch is no JSON object: " + err.Error())
	}
	said, err := parse(patch)
	if changes["metadata"] == nil {
		said, err = parse(slices.Concat([]byte(`{"metadata":{},`), patch[1:]))
	}
	if err != nil {
		return result{}, apierrors.NewBadRequest(err.Error())
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	at := id{req.namespace, req.name}
	before := c.objects[at]
	if before == nil {
		return result{}, apierrors.NewNotFound(c.kind.GroupResource(), req.name)
	}
	if err := a.refused(c, req, before, said.uid, said.version); err != nil {
		return result{}, err
	}
	whole, err := a.decoded(c.kind, before)
	if err != nil {
		return result{}, err
	}
	merged, err := json.Marshal(mergeInto(whole, changes))
	if err != nil {
		return result{}, err
	}
	after, err := parse(merged)
	if err != nil {
		return result{}, apierrors.NewBadRequest(err.Error())
	}
	after.uid, after.version = "", ""
	if req.subresource == "status" {
		after.top = before.top // metadata may be changed by the way, as in Kubernetes
	}
	if after.metadata == before.metadata && after.top == before.top && string(after.status) == string(before.status) {
		return result{object: before}, nil
	}
	managers := []managed{}
	mine := managed{manager: req.manager, operation: update, fields: said.fields, at: time.Now().Unix()}
	for _, m := range before.managed {
		if rest := difference(m.fields, said.fields); rest != "{}" {
			m.fields = rest
			managers = append(managers, m)
		}
	}
	return result{object: a.store(c, at, before, after, append(managers, mine), after.status)}, nil
}

func mergeInto(whole, changes map[string]any) map[string]any {
	for name, value := range changes {
		inner, isObject := value.(map[string]any)
		there, wasObject := whole[name].(map[string]any)
		switch {
		case value == nil:
			delete(whole, name)
		case isObject && wasObject:
			whole[name] = mergeInto(there, inner)
		case isObject:
			whole[name] = mergeInto(map[string]any{}, inner)
		default:
			whole[name] = value
		}
	}
	return whole
}

// difference is a set of fields without those of another.
func difference(set, lost string) string {
	if set == lost {
		return "{}"
	}
	var from, what map[string]any
	if json.Unmarshal([]byte(set), &from) != nil || json.Unmarshal([]byte(lost), &what) != nil {
		return set // which no set of fields that is made here does
	}
	without(from, what)
	encoded, err := json.Marshal(from)
	if err != nil {
		return set
	}
	return string(encoded)
}
