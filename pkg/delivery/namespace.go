package delivery

// awaitNamespace tells whether the namespace of a key is there, as far as that is up to us. If not, its key is taken first, and this one
// is looked at again when it is there.
func (j *job) awaitNamespace() (verdict, bool) {
	if j.n.namespace == "" {
		return verdict{}, true
	}
	k := Key{Kind: namespacesID, Name: j.n.namespace}
	if j.Wish(k).Action != Present { // such as namespace default: whoever else makes it, it is there or not
		return verdict{}, true
	}
	v := verdict{state: Pending, message: say("waits for namespace %q", j.n.namespace)}
	if j.namespaceStands(k) {
		return verdict{}, true
	}
	j.mu.Lock()
	if j.awaiting[k] == nil {
		j.awaiting[k] = map[Key]Priority{}
	}
	j.awaiting[k][j.key] = max(j.awaiting[k][j.key], j.priority)
	j.mu.Unlock()
	if j.namespaceStands(k) { // since
		j.namespaceIsThere(k)
	}
	j.queue.add(k, j.priority)
	return v, false
}

// namespaceStands tells whether the namespace is there for all that is known.
func (a *Agent) namespaceStands(k Key) bool {
	t := a.table(namespacesID)
	if t == nil {
		return false
	}
	r := t.look(k.name())
	return r.there && !r.terminating && r.ours || r.state == Used
}

// namespaceIsThere has all keys looked at that waited for the namespace.
func (a *Agent) namespaceIsThere(k Key) {
	a.mu.Lock()
	waiting := a.awaiting[k]
	delete(a.awaiting, k)
	a.mu.Unlock()
	for k, p := range waiting {
		a.queue.add(k, p)
	}
}

// namespaceIsMissing is the verdict when the member says that the namespace is not there. One that was taken for granted is looked at again.
func (j *job) namespaceIsMissing() verdict {
	k := Key{Kind: namespacesID, Name: j.n.namespace}
	v := verdict{state: NoNamespace, message: say("the member has no namespace %q", j.n.namespace), failed: true}
	if t := j.table(namespacesID); t != nil && j.Wish(k).Action == Present {
		t.amend(k.name(), func(r *record) {
			if r.state == Used {
				r.state = Pending
			}
		})
		j.queue.add(k, j.priority)
	}
	return v
}
