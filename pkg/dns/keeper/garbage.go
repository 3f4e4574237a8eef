package keeper

import "time"

// sweepGarbage looks in what was listed for names of Services that nobody wants. They go, unless they are so many that something else is likely
// to be wrong: then they are held.
func (k *Keeper) sweepGarbage() {
	k.mu.Lock()
	due := k.sweep && !time.Now().Before(k.sweepAt)
	k.mu.Unlock()
	if !due {
		return
	}
	k.tell(func() {
		k.sweep = false
		clear(k.held)
		all, unsourced := map[string]bool{}, map[string]bool{}
		for id := range k.index.Services(k.o.Owner) {
			all[id] = true
			if k.services[id] == nil {
				unsourced[id] = true
			}
		}
		if len(unsourced) > max(alwaysFree, len(all)*k.o.UnsourcedPercent/100) {
			k.held = unsourced
			return
		}
		for id := range unsourced {
			k.services[id] = &service{}
			k.backlog = append(k.backlog, id)
		}
	})
}
