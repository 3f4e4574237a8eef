// Package fieldset reads who owns which fields of an object, as API servers write it into metadata.managedFields. It tells whether all that
// was applied still is ours without anything of the object but its metadata: a field that somebody else changed or removed is in our
// entry no more. It knows no schema, so that it works for every kind there is.
package fieldset

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ours returns the fields that the manager has applied, as FieldsV1 has them; false if it has applied none. They are not a copy.
func Ours(entries []metav1.ManagedFieldsEntry, manager string) (fieldsV1 []byte, ok bool) {
	for i := range entries {
		if e := &entries[i]; e.FieldsV1 != nil && isOurs(e, manager) {
			return e.FieldsV1.GetRawBytes(), true
		}
	}
	return nil, false
}

func isOurs(e *metav1.ManagedFieldsEntry, manager string) bool {
	return e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
}

// Covers tells whether every field that the body of an apply says is among the fields; what is not said is none of its business. It may answer
// false where the fields leave doubt, never true: after a doubt another apply changes nothing, a change that is not seen stays.
//
// The doubts are of custom kinds alone: a map of objects of which all was taken away looks like one that is owned as a whole. One that
// cannot be seen is that of a map of lists of which the last item was taken.
func Covers(fieldsV1, body []byte) (bool, error) {
	w := walkers.Get().(*walker)
	defer w.release()
	root, err := w.read(fieldsV1)
	if err != nil {
		return false, err
	}
	in, err := w.start(body)
	if err != nil {
		return false, err
	}
	return w.covers(root, in, top)
}

// Contesters returns the managers that own fields which the body says and which ours does not own (any more), in the order of the entries,
// each once. What was merely removed is owned by nobody. Entries that cannot be read are passed over.
func Contesters(entries []metav1.ManagedFieldsEntry, ours string, body []byte) ([]string, error) {
	w := walkers.Get().(*walker)
	defer w.release()
	own := none
	if fields, ok := Ours(entries, ours); ok {
		var err error
		if own, err = w.read(fields); err != nil {
			return nil, err
		}
	}
	var found []string
	named := map[string]bool{}
	for i := range entries {
		e := &entries[i]
		if e.FieldsV1 == nil || isOurs(e, ours) || named[e.Manager] {
			continue
		}
		other, err := w.read(e.FieldsV1.GetRawBytes())
		if err != nil {
			continue
		}
		in, err := w.start(body)
		if err != nil {
			return nil, err
		}
		contests, err := w.contests(own, other, in, top)
		if err != nil {
			return nil, err
		}
		if contests {
			found, named[e.Manager] = append(found, e.Manager), true
		}
	}
	return found, nil
}

// ReplicasOwner tells which manager but ours owns spec.replicas, and by which subresource; empty if none does. Among several, one that
// scales (subresource scale) comes first: that is what autoscalers do.
func ReplicasOwner(entries []metav1.ManagedFieldsEntry, ours string) (manager, subresource string) {
	w := walkers.Get().(*walker)
	defer w.release()
	for i := range entries {
		e := &entries[i]
		if e.FieldsV1 == nil || e.Manager == ours || manager != "" && e.Subresource != scale {
			continue
		}
		root, err := w.read(e.FieldsV1.GetRawBytes())
		if err != nil {
			continue
		}
		if w.field(w.field(root, []byte("spec"), nil), []byte("replicas"), nil) == none {
			continue
		}
		if e.Subresource == scale {
			return e.Manager, scale
		}
		manager, subresource = e.Manager, e.Subresource
	}
	return manager, subresource
}

const scale = "scale"

// builtIn tells whether a group's kinds are those of Kubernetes that are known to have no maps of objects.
func builtIn(apiVersion string) bool {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return true
	}
	switch group {
	case "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "apiextensions.k8s.io":
		return true
	}
	return false
}
