package keeper

// update changes what is known of a Service, and notes whether there is something to tell of it. A Service that nobody wants, and that nothing is
// left of, is forgotten.
func (k *Keeper) update(id string, change func(*service)) {
	s := k.services[id]
	if s == nil {
		return // it was forgotten, since nothing was to be made
	}
	before := k.statusOf(id)
	k.weigh(s, -1)
	change(s)
	k.weigh(s, 1)
	if !before.same(k.statusOf(id)) {
		k.news = append(k.news, id)
	}
	if len(s.wanted)+len(s.conflicts)+len(s.failed) == 0 && s.since.IsZero() && !s.making && !k.changed[id] {
		delete(k.services, id)
	}
}

// weigh counts a Service in the sums, or out of them.
func (k *Keeper) weigh(s *service, sign int) {
	k.conflicts += sign * len(s.conflicts)
	if !s.settled() {
		k.pending += sign * max(len(s.wanted), 1)
	}
}

// tell changes what is known of the zone, and tells of it: the zone always, Services whose status is another, and all that wait if the reason
// why they do is.
func (k *Keeper) tell(change func()) {
	k.mu.Lock()
	before := k.err
	change()
	if (before == nil) != (k.err == nil) || before != nil && before.Error() != k.err.Error() {
		for id, s := range k.services {
			if !s.settled() {
				k.news = append(k.news, id)
			}
		}
	}
	news := k.news
	k.news = nil
	status := k.statusLocked()
	k.o.Metrics.zone(k.o.Provider, k.zoneName(), status, k.conflicts)
	k.mu.Unlock()
	k.o.Changed("")
	for _, id := range news {
		k.o.Changed(id)
	}
}

func (k *Keeper) zoneName() string {
	if k.o.ZoneName != "" {
		return k.o.ZoneName
	}
	return k.o.ZoneID
}
