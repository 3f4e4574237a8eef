package memberdns

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// place is where the federation's block is, or goes: a key of a ConfigMap.
type place struct {
	key  string
	ours bool // the key was not there before us: without our block it goes
}

func (s Server) place(f Federation) place {
	if s.own {
		return place{f.Name + additionSuffix, true}
	}
	return place{key: s.Key}
}

// block is the one with which this server forwards to the resolver at an address.
func (s Server) block(f Federation, resolver string) clusterdns.Block {
	return clusterdns.Block{
		Owner: f.owner(), ClusterDomain: s.Domain, Port: s.corefile.Port, Bind: s.corefile.Bind, Upstream: resolver,
	}
}

// putBlock puts the block into the ConfigMap, and returns the one that was there.
func (s Server) putBlock(cm *corev1.ConfigMap, f Federation, b clusterdns.Block) (former string, err error) {
	if s.own { // the Corefile counts too
		if _, err := clusterdns.AddBlock(s.text, b); err != nil {
			return "", err
		}
	}
	p := s.place(f)
	if former, err = clusterdns.FindBlock(cm.Data[p.key], b.Owner); err != nil {
		return "", err
	}
	text, err := clusterdns.AddBlock(cm.Data[p.key], b)
	if err != nil {
		return "", err
	}
	setData(cm, p.key, text)
	return former, nil
}

// restoreBlock undoes putBlock in whatever the ConfigMap is by now.
func (s Server) restoreBlock(cm *corev1.ConfigMap, f Federation, former string) error {
	p := s.place(f)
	if former == "" {
		return takeBlock(cm, f, p.key)
	}
	text, err := clusterdns.RestoreBlock(cm.Data[p.key], f.owner(), former)
	if err != nil {
		return err
	}
	setData(cm, p.key, text)
	return nil
}

// takeBlocks takes the federation's block out of every key of the ConfigMap that has it.
func takeBlocks(cm *corev1.ConfigMap, f Federation) error {
	for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
		if !clusterdns.Marked(cm.Data[key], f.owner()) {
			continue // other keys need not be Corefiles
		}
		if err := takeBlock(cm, f, key); err != nil {
			return err
		}
	}
	return nil
}

func takeBlock(cm *corev1.ConfigMap, f Federation, key string) error {
	text, there := cm.Data[key]
	if !there {
		return nil
	}
	left, err := clusterdns.RemoveBlock(text, f.owner())
	switch {
	case err != nil:
		return err
	case left == "" && text != "" && key == f.Name+additionSuffix:
		delete(cm.Data, key)
	default:
		cm.Data[key] = left
	}
	return nil
}
