package kubeconfig

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// MergeOptions says what Merge does besides writing the entries.
type MergeOptions struct {
	// SetCurrentContext also makes the merged context the current one.
	SetCurrentContext bool
}

// Merge writes the clusters, users and contexts of incoming, whose current context names the federation,
// into the first of files that has them already, else into the first that exists, else into the first;
// it returns the file that holds the cluster.
// What Conflicts would report is refused. All else in the files stays as it is, comments, the fields that we do not know
// and the user's own additions to the entries included. Files are replaced in one step and only when something changes.
// Other writers are kept out by kubectl's lock file; Merge waits a few seconds for it.
func Merge(ctx context.Context, files []string, incoming *clientcmdapi.Config, o MergeOptions) (string, error) {
	var written string
	err := edit(ctx, files, func(v *view) error {
		name := incoming.CurrentContext
		if err := v.conflicts(name, incoming); err != nil {
			return err
		}
		home := cmp.Or(v.holding(clusters, name), v.home())
		written = home.path
		return v.merge(home, incoming, o)
	})
	return written, err
}

func (v *view) merge(home *file, incoming *clientcmdapi.Config, o MergeOptions) error {
	put := func(s section, name string) error {
		f := cmp.Or(v.holding(s, name), home)
		if err := f.doc.set(s, name, incoming); err != nil {
			return fmt.Errorf("set %s %q in kubeconfig %s: %w", s.item, name, f.path, err)
		}
		return nil
	}
	for name := range incoming.Clusters {
		if err := put(clusters, name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(incoming.AuthInfos)) {
		if err := put(users, name); err != nil {
			return err
		}
	}
	for name := range incoming.Contexts {
		if c := v.config.Contexts[name]; c != nil && v.config.AuthInfos[c.AuthInfo] != nil {
			continue // it leads to our cluster and works: its namespace and user are the user's choice
		}
		if err := put(contexts, name); err != nil {
			return err
		}
	}
	if o.SetCurrentContext {
		v.currentContextFile().doc.setCurrentContext(incoming.CurrentContext)
	}
	return nil
}

// Remove takes the context, cluster and users of federation name out again, and the current context if it is that one.
// A cluster for which isOurs is false, or a context that leads elsewhere, is left alone and reported with ErrNotOurs.
// So is, silently, a user that contexts of other clusters use. It reports whether there was anything to remove.
func Remove(ctx context.Context, files []string, name string, isOurs func(*clientcmdapi.Cluster) bool) (bool, error) {
	removed := false
	err := edit(ctx, files, func(v *view) error {
		cluster, entry := v.config.Clusters[name], v.config.Contexts[name]
		if cluster != nil && !isOurs(cluster) {
			return fmt.Errorf("cluster %q of kubeconfig %s %w: it is the one at %s; it stays",
				name, cluster.LocationOfOrigin, ErrNotOurs, cluster.Server)
		}
		if entry != nil && entry.Cluster != name {
			return fmt.Errorf("context %q of kubeconfig %s %w: it leads to cluster %q; it stays",
				name, entry.LocationOfOrigin, ErrNotOurs, entry.Cluster)
		}
		if cluster == nil && entry == nil {
			return nil // a user alone does not tell whose it is
		}
		removed = true
		v.remove(name)
		return nil
	})
	return removed && err == nil, err
}

func (v *view) remove(name string) {
	drop := func(s section, name string) {
		if f := v.holding(s, name); f != nil {
			f.doc.remove(s, name)
		}
	}
	drop(clusters, name)
	drop(contexts, name)
	for _, user := range []string{name, BasicAuthUser(name)} {
		if v.otherUse(user, name) == "" {
			drop(users, user)
		}
	}
	if v.config.CurrentContext == name {
		v.currentContextFile().doc.setCurrentContext("")
	}
}

// edit loads the files under their locks, lets change edit them and writes those that it changed.
func edit(ctx context.Context, files []string, change func(*view) error) error {
	unlock, err := lock(ctx, files)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := load(files)
	if err != nil {
		return err
	}
	if err := change(v); err != nil {
		return err
	}
	return v.write()
}
