package servicedns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/hostname"
)

// answers is a Resolver that says what it is told to.
type answers struct {
	mu    sync.Mutex
	asked int
	is    []netip.Addr
	ttl   time.Duration
	err   error
}

func (a *answers) Resolve(context.Context, string) ([]netip.Addr, time.Duration, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	return a.is, a.ttl, a.err
}

func TestHostnamesAreResolvedAgain(t *testing.T) {
	const lb = "lb.example"
	web := types.NamespacedName{Namespace: "shop", Name: "web"}
	var told []types.NamespacedName
	resolver := &answers{}
	h := newHostnames(resolver, clock.RealClock{}, func(s types.NamespacedName) { told = append(told, s) })
	h.use(web, []string{lb})
	steps := []struct {
		name  string
		set   *answers
		want  []netip.Addr
		known bool
		again time.Duration
		told  bool

		unresolved bool
	}{
		{name: "what cannot be found out is not known, which is told", set: &answers{err: errors.New("no answer")}, again: soonestAgain, told: true, unresolved: true},
		{name: "but once", set: &answers{err: errors.New("no answer")}, again: soonestAgain, unresolved: true},
		{name: "the first answer", set: &answers{is: at("192.0.2.1"), ttl: time.Minute}, want: at("192.0.2.1"), known: true, again: time.Minute, told: true},
		{name: "the same again, with a short life", set: &answers{is: at("192.0.2.1"), ttl: time.Second}, want: at("192.0.2.1"), known: true, again: soonestAgain},
		{name: "another one, with a long life", set: &answers{is: at("192.0.2.2"), ttl: time.Hour}, want: at("192.0.2.2"), known: true, again: latestAgain, told: true},
		{name: "no answer leaves it", set: &answers{err: errors.New("no answer"), ttl: time.Hour}, want: at("192.0.2.2"), known: true, again: soonestAgain},
		{name: "so does the answer that there is none any more", set: &answers{err: fmt.Errorf("x: %w", hostname.ErrNone)}, want: at("192.0.2.2"), known: true, again: soonestAgain},
	}
	for _, s := range steps {
		told = nil
		resolver.is, resolver.ttl, resolver.err = s.set.is, s.set.ttl, s.set.err
		if again := h.resolve(t.Context(), lb); again != s.again {
			t.Errorf("%s: again after %s, want %s", s.name, again, s.again)
		}
		if got, known := h.lookup(lb); known != s.known || !slices.Equal(got, s.want) {
			t.Errorf("%s: it leads to %v, known %t", s.name, got, known)
		}
		if got := h.unresolved(lb); got != s.unresolved {
			t.Errorf("%s: it was never resolved: %t", s.name, got)
		}
		if (len(told) > 0) != s.told {
			t.Errorf("%s: told %v", s.name, told)
		}
	}
}

func TestHostnameThatLeadsNowhere(t *testing.T) {
	h := newHostnames(&answers{err: hostname.ErrNone}, clock.RealClock{}, func(types.NamespacedName) {})
	h.use(types.NamespacedName{Name: "web"}, []string{"lb.example"})
	h.resolve(t.Context(), "lb.example")
	if got, known := h.lookup("lb.example"); !known || len(got) > 0 {
		t.Errorf("it leads to %v, known %t", got, known)
	}
}

func TestHostnamesAreForgottenWithTheirLastService(t *testing.T) {
	resolver := &answers{is: at("192.0.2.1")}
	h := newHostnames(resolver, clock.RealClock{}, func(types.NamespacedName) {})
	web, api := types.NamespacedName{Name: "web"}, types.NamespacedName{Name: "api"}
	h.use(web, []string{"a.example", "b.example"})
	h.use(api, []string{"b.example"})
	h.use(web, nil)
	if len(h.hosts) != 1 || h.hosts["b.example"] == nil {
		t.Errorf("known are %v", h.hosts)
	}
	h.use(api, nil)
	if len(h.hosts)+len(h.used) > 0 {
		t.Errorf("left are %v, %v", h.hosts, h.used)
	}
	if again := h.resolve(t.Context(), "b.example"); again != 0 || resolver.asked > 0 {
		t.Errorf("asked %d times, again after %s", resolver.asked, again)
	}
}

func TestHostnamesRun(t *testing.T) {
	told := make(chan types.NamespacedName, 1)
	h := newHostnames(&answers{is: at("192.0.2.1")}, clock.RealClock{}, func(s types.NamespacedName) { told <- s })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.run(ctx) }()
	web := types.NamespacedName{Name: "web"}
	h.use(web, []string{"lb.example"})
	if got := <-told; got != web {
		t.Errorf("told of %v", got)
	}
	cancel()
	<-ended
}
