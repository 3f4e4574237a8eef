//go:build integration

package delivery

import (
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// rings returns a kind of its own, and what defines it.
func (p *place) rings() (rings kinds.Kind, define func() Key) {
	p.t.Helper()
	rings = kinds.Kind{Group: p.ns + ".example.com", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}
	p.kinds[rings.ID()] = rings
	p.kinds[kinds.CRD] = kinds.Definitions()
	return rings, func() Key {
		return p.source(fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"rings.%[1]s"},"spec":{"group":%[1]q,"scope":"Namespaced",
		"names":{"plural":"rings","singular":"ring","kind":"Ring","listKind":"RingList"},
		"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`, rings.Group))
	}
}

func TestIntegrationUnsourced(t *testing.T) {
	server := apiserver.StartMember(t)
	config := server.Admin(t)
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		do   func(*place)
	}{
		{"a definition does not take along objects of ours of which nothing is known", func(p *place) {
			rings, define := p.rings()
			p.run()
			p.namespace()
			crd := define()
			p.expect(crd, Synced)
			one := p.source(fmt.Sprintf(`{"apiVersion":"%s/v1","kind":"Ring","metadata":{"name":"one","namespace":%q},"spec":{"for":"the dark lord"}}`, rings.Group, p.ns))
			p.expect(one, Synced)
			p.end()
			delete(p.kinds, rings.ID()) // its definition is marked no more, since it is gone
			p.want(one, Wish{})
			p.want(crd, Wish{Action: Unsourced})
			p.run()
			p.agent.Survey(p.kinds[kinds.CRD])
			time.Sleep(3 * beforeJudging)
			if _, err := objects.Resource(rings.GroupVersionResource()).Namespace(p.ns).Get(p.t.Context(), "one", metav1.GetOptions{}); err != nil {
				p.t.Errorf("the ring: %v", err)
			}
			p.expect(crd, Held)
			p.agent.ReleaseBrake()
			eventually.Do(p.t, 20*time.Second, "the definition to go when somebody says so", func() error {
				if r := p.agent.Report(crd); r.Copy != nil {
					return fmt.Errorf("it is %+v", r)
				}
				return nil
			})
		}},
		{"a namespace does not take along objects of ours of which nothing is known yet, and goes after them", func(p *place) {
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(k, Synced)
			p.end()
			p.want(ns, Wish{Action: Unsourced})
			p.want(k, Wish{})
			p.run()
			p.agent.Survey(p.kinds[namespacesID])
			time.Sleep(3 * beforeJudging)
			now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp != nil || p.get("settings") == nil {
				p.t.Fatalf("it goes: %+v", now)
			}
			p.want(k, Wish{Action: Unsourced})
			p.expectDeleting()
		}},
		{"a duplicate of a copy that somebody made in the member is nobody's copy", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			p.expect(k, Synced)
			copied := p.get("settings")
			duplicate := Key{Kind: "configmaps", Namespace: p.ns, Name: "duplicate"}
			p.want(duplicate, Wish{Action: Unsourced})
			p.theirs("duplicate", copied.Labels, copied.Annotations)
			time.Sleep(3 * beforeJudging)
			if p.get("duplicate") == nil {
				p.t.Error("it was deleted")
			}
		}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.do(&place{world: newWorld(t, config), kube: kube, ns: fmt.Sprintf("unsourced-%d", i)})
		})
	}
}

// expectDeleting waits until the namespace is on its way out.
func (p *place) expectDeleting() {
	p.t.Helper()
	eventually.Do(p.t, 20*time.Second, "the namespace to go", func() error {
		now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && now.DeletionTimestamp != nil {
			return nil
		}
		return fmt.Errorf("it is %+v (%w)", now, err)
	})
}
