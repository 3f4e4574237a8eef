package memberdns

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

const (
	kubeDNSConfigMap = "kube-dns"
	federationsKey   = "federations"

	// emptyBefore lists the federations that came since the key was there with nothing in it: when they have all gone,
	// it is like that again. Without this annotation the key goes with the last of them.
	emptyBefore = "federation.fedhelm.io/federations-empty-before"
)

// putFederation puts the federation into kube-dns' ConfigMap.
func putFederation(cm *corev1.ConfigMap, f Federation, zone string) error {
	value, there := cm.Data[federationsKey]
	merged, err := clusterdns.MergeFederation(value, f.Name, zone)
	if err != nil || merged == value {
		return err
	}
	since := noted(cm)
	if len(since) > 0 || there && strings.TrimSpace(value) == "" {
		note(cm, append(since, f.owner().String()))
	}
	setData(cm, federationsKey, merged)
	return nil
}

// takeFederation takes the federation out of it.
func takeFederation(cm *corev1.ConfigMap, f Federation) {
	value, there := cm.Data[federationsKey]
	if !there {
		return
	}
	left := clusterdns.RemoveFederation(value, f.Name)
	since := noted(cm)
	if left == "" && value != "" && len(since) == 0 {
		delete(cm.Data, federationsKey)
	} else {
		cm.Data[federationsKey] = left
	}
	note(cm, slices.DeleteFunc(since, func(s string) bool { return s == f.owner().String() }))
}

func noted(cm *corev1.ConfigMap) []string {
	return strings.Fields(cm.Annotations[emptyBefore])
}

func note(cm *corev1.ConfigMap, owners []string) {
	slices.Sort(owners)
	if owners = slices.Compact(owners); len(owners) == 0 {
		delete(cm.Annotations, emptyBefore)
		return
	}
	if cm.Annotations == nil {
		cm.Annotations = map[string]string{}
	}
	cm.Annotations[emptyBefore] = strings.Join(owners, " ")
}

func setData(cm *corev1.ConfigMap, key, text string) {
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	cm.Data[key] = text
}
