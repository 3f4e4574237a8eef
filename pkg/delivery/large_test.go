package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestWhoStandsInLineForTheLargeSlotDoesSoOnce(t *testing.T) {
	first, second := Key{Name: "first"}, Key{Name: "second"}
	var s largeSlot
	if !s.take(first, Recheck) {
		t.Fatal("it is taken")
	}
	for _, p := range []Priority{Recheck, User, Recheck} {
		if s.take(second, p) {
			t.Fatal("two have it")
		}
	}
	if next, ok := s.free(); !ok || next != (waiter{second, User}) {
		t.Errorf("next is %+v, %v", next, ok)
	}
	if !s.take(second, User) {
		t.Fatal("it is taken")
	}
	if next, ok := s.free(); ok {
		t.Errorf("%+v waits still", next)
	}
}

// The next in line may not need the slot any more when it is called.
func TestLineForTheLargeSlotGoesOn(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	begun, hold := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if r.ContentLength > largeBody {
			begin()
			<-hold
		}
		api.ServeHTTP(rw, r)
	})
	var keys []Key
	for i := range 5 {
		keys = append(keys, w.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"large%d","namespace":"shire"},"data":{"key":%q}}`, i, strings.Repeat("x", largeBody))))
		if i == 0 {
			<-begun // it is the one that has the slot
			continue
		}
		w.expect(keys[i], Pending)
	}
	w.mu.Lock()
	w.wishes[keys[1]] = Wish{Action: Absent} // the next in line
	w.mu.Unlock()
	close(hold)
	for _, k := range keys[2:] {
		w.expect(k, Synced)
	}
}
