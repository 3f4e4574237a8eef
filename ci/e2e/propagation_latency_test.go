//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"
)

// samples is how many ConfigMaps are made for one latency.
const samples = 15

// latency is the median time from a ConfigMap's being accepted by the federation API until a member has it.
func (r *realm) latency(s *sandbox, namespace, member string) time.Duration {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	round := map[string]string{"sample": rand.String(8)}
	w, err := r.member(member).client.CoreV1().ConfigMaps(namespace).Watch(ctx, metav1.ListOptions{LabelSelector: labels.Set(round).String()})
	if err != nil {
		s.Fatalf("watch ConfigMaps of %s: %v", member, err)
	}
	defer w.Stop()
	var took []time.Duration
	for i := range samples {
		name := fmt.Sprintf("sample-%d-%s", i, round["sample"])
		if _, err := r.api.client.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: round}}, metav1.CreateOptions{}); err != nil {
			s.Fatal(err)
		}
		begin := time.Now()
		for seen := false; !seen; {
			select {
			case e, open := <-w.ResultChan():
				if !open {
					s.Fatalf("the watch of ConfigMaps of %s ended", member)
				}
				m, is := e.Object.(*corev1.ConfigMap)
				seen = is && m.Name == name
			case <-time.After(20 * time.Second):
				s.Fatalf("%s is not in %s after 20 s; until then it took %v", name, member, took)
			}
		}
		took = append(took, time.Since(begin))
		time.Sleep(200 * time.Millisecond)
	}
	err = r.api.client.CoreV1().ConfigMaps(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: labels.Set(round).String()})
	if err != nil {
		s.Fatal(err)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
