package memberdns

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// coreDNS finds out where the Corefile of a pod comes from, and what is in it.
func coreDNS(ctx context.Context, client kubernetes.Interface, pod corev1.Pod, c corev1.Container) (Server, error) {
	file := flag(c, "conf")
	if file == "" {
		file = "Corefile"
	}
	file = path.Join("/", c.WorkingDir, file)
	if path.IsAbs(flag(c, "conf")) {
		file = path.Clean(flag(c, "conf"))
	}
	from, ok := mounted(pod, c, file)
	if !ok {
		return Server{}, byHand("pod %q reads %s, which is in no ConfigMap", pod.Namespace+"/"+pod.Name, file)
	}
	cm, err := client.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, from.name, metav1.GetOptions{})
	if err != nil {
		return Server{}, fmt.Errorf("get ConfigMap %q, which pod %q reads: %w", pod.Namespace+"/"+from.name, pod.Name, err)
	}
	text, ok := cm.Data[from.key]
	if !ok {
		return Server{}, fmt.Errorf("ConfigMap %q has no key %q, which pod %q reads", pod.Namespace+"/"+cm.Name, from.key, pod.Name)
	}
	s := Server{Kind: CoreDNS, ConfigMap: cm.Name, Key: from.key, text: text}
	if s.corefile, err = clusterdns.ReadCorefile(text); err != nil {
		return Server{}, fmt.Errorf("ConfigMap %q, key %q: %w", pod.Namespace+"/"+cm.Name, from.key, err)
	}
	if len(s.corefile.Domains) == 0 {
		return Server{}, byHand("the Corefile in ConfigMap %q does not say what the cluster's domain is", pod.Namespace+"/"+cm.Name)
	}
	s.Domain = s.corefile.Domains[0]
	if s.port, err = listenPort(c, s.corefile.Port); err != nil {
		return Server{}, err
	}
	if !s.corefile.Reload {
		s.byHand = byHand("the Corefile in %s has no plug-in \"reload\", so CoreDNS would not see a change before it is restarted", s)
		return s, nil
	}
	if additions, ok := additions(pod, c, path.Dir(file), s.corefile.Imports); ok {
		s.ConfigMap, s.Key, s.own = additions, "*"+additionSuffix, true
		return s, nil
	}
	s.Warnings, s.byHand = managed(cm, from)
	return s, nil
}

// source is a key of a ConfigMap.
type source struct {
	name, key string
	frozen    bool // the pod has a copy from when it began, for ever
}

// mounted finds the ConfigMap whose key is a file of the container.
func mounted(pod corev1.Pod, c corev1.Container, file string) (source, bool) {
	var at *corev1.VolumeMount
	for i, m := range c.VolumeMounts {
		if (file == m.MountPath || strings.HasPrefix(file, strings.TrimSuffix(m.MountPath, "/")+"/")) &&
			(at == nil || len(m.MountPath) > len(at.MountPath)) {
			at = &c.VolumeMounts[i]
		}
	}
	if at == nil {
		return source{}, false
	}
	inside := strings.TrimPrefix(path.Join(at.SubPath, strings.TrimPrefix(file, at.MountPath)), "/")
	for _, v := range pod.Spec.Volumes {
		if v.Name != at.Name {
			continue
		}
		if v.ConfigMap != nil {
			return keyAt(v.ConfigMap.Name, v.ConfigMap.Items, inside, at.SubPath != "")
		}
		if v.Projected == nil {
			break
		}
		for _, s := range v.Projected.Sources {
			if s.ConfigMap == nil {
				continue
			}
			if from, ok := keyAt(s.ConfigMap.Name, s.ConfigMap.Items, inside, at.SubPath != ""); ok {
				return from, true
			}
		}
	}
	return source{}, false
}

func keyAt(name string, items []corev1.KeyToPath, inside string, frozen bool) (source, bool) {
	for _, i := range items {
		if path.Clean(i.Path) == inside {
			return source{name, i.Key, frozen}, true
		}
	}
	return source{name, inside, frozen}, len(items) == 0
}

// additions is the ConfigMap for server blocks of the user's, as AKS and k3s have it: what the Corefile imports with a
// pattern like "custom/*.server". There the Corefile itself is put back by the cluster's operator.
func additions(pod corev1.Pod, c corev1.Container, dir string, imports []string) (string, bool) {
	for _, pattern := range imports {
		if !path.IsAbs(pattern) {
			pattern = path.Join(dir, pattern)
		}
		if path.Base(pattern) != "*"+additionSuffix {
			continue
		}
		if from, ok := mounted(pod, c, path.Join(path.Dir(pattern), "any"+additionSuffix)); ok {
			return from.name, true
		}
	}
	return "", false
}

// additionSuffix is that of the keys with server blocks; those with the suffix ".override" are for plug-ins.
const additionSuffix = ".server"

// managed says who else writes the ConfigMap. One that is put back whenever it is changed is not for us to change.
func managed(cm *corev1.ConfigMap, from source) (warnings []string, notOurs error) {
	name := cm.Namespace + "/" + cm.Name
	switch {
	case from.frozen:
		return nil, byHand("its pods have a copy of ConfigMap %q that does not follow changes (subPath)", name)
	case cm.Labels["addonmanager.kubernetes.io/mode"] == "Reconcile":
		return nil, byHand("ConfigMap %q is put back by the addon manager (label addonmanager.kubernetes.io/mode)", name)
	case metav1.GetControllerOf(cm) != nil:
		owner := metav1.GetControllerOf(cm)
		return nil, byHand("ConfigMap %q is written by %s %q", name, owner.Kind, owner.Name)
	case cm.Annotations["meta.helm.sh/release-name"] != "":
		warnings = append(warnings, fmt.Sprintf("ConfigMap %q is part of Helm release %q: its next upgrade may take the federation's block out; then run fedhelm join again",
			name, cm.Annotations["meta.helm.sh/release-name"]))
	case cm.Labels["eks.amazonaws.com/component"] != "":
		warnings = append(warnings, fmt.Sprintf("ConfigMap %q is part of an EKS add-on: an update that overwrites conflicts takes the federation's block out; then run fedhelm join again", name))
	}
	return warnings, nil
}

// listenPort is that of the server block; where it has none, CoreDNS' own default or what its flag says.
func listenPort(c corev1.Container, port string) (int, error) {
	for _, p := range []string{port, flag(c, "dns.port"), flag(c, "p"), "53"} {
		if p != "" {
			n, err := strconv.ParseUint(p, 10, 16)
			if err != nil {
				return 0, fmt.Errorf("port %q of CoreDNS: %w", p, err)
			}
			return int(n), nil
		}
	}
	return 0, nil
}

// exists says whether an error of a read is not that there is no such object.
func exists(err error) bool { return !apierrors.IsNotFound(err) }
