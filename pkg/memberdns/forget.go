package memberdns

import (
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Forget takes the federation out of the cluster's DNS, and returns the ConfigMaps that it was taken out of, as
// NAMESPACE/NAME; none when it was not in any. Where the DNS cannot be told, or was changed for another since, the
// places that the kinds of DNS usually have are looked at. Nothing is asked, and nothing waited for.
func Forget(ctx context.Context, client kubernetes.Interface, f Federation) ([]string, error) {
	places := []string{"coredns", "coredns-custom"}
	if s, err := Detect(ctx, client, Auto); err == nil && s.Kind != None {
		defer settle(ctx, client, s)
		if s.Kind == CoreDNS && !slices.Contains(places, s.ConfigMap) {
			places = append(places, s.ConfigMap)
		}
	}
	var from []string
	var errs []error
	forget := func(name string, take func(*corev1.ConfigMap) error) {
		changed, err := edit(ctx, client, name, false, take)
		if changed {
			from = append(from, metav1.NamespaceSystem+"/"+name)
		}
		errs = append(errs, err)
	}
	for _, name := range places {
		forget(name, func(cm *corev1.ConfigMap) error { return takeBlocks(cm, f) })
	}
	forget(kubeDNSConfigMap, func(cm *corev1.ConfigMap) error {
		takeFederation(cm, f)
		return nil
	})
	return from, errors.Join(errs...)
}
