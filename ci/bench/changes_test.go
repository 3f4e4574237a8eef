package main

import (
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// federationOf is an API whose objects are, in a way, in the members already: what is written there is seen as if it had come to each of
// them but the last `deaf`.
func federationOf(t *testing.T, members, deaf int) *changes {
	t.Helper()
	var made *changes
	api := fakeapi.New(fakeapi.Options{Written: func(_ kinds.Kind, o fakeapi.Object) {
		if made == nil {
			return
		}
		for member := range members - deaf {
			made.saw(member, o)
		}
	}})
	server := fakeapi.Serve(api)
	t.Cleanup(server.Close)
	objects := sources.Objects(20)
	if _, err := direct.Apply(t.Context(), []*rest.Config{server.Config()}, objects, 4); err != nil {
		t.Fatal(err)
	}
	c, err := newChanges(server.Config(), objects, members)
	if err != nil {
		t.Fatal(err)
	}
	made = c
	return c
}

func TestChangesAreFollowedToTheirLastMember(t *testing.T) {
	c := federationOf(t, 3, 0)
	o, err := c.run(t.Context(), 100, 200*time.Millisecond, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.last) != 20 || len(o.each) != 60 || len(o.write) != 20 || o.lost != 0 {
		t.Errorf("%d changes are everywhere, %d copies, %d were accepted, %d lost", len(o.last), len(o.each), len(o.write), o.lost)
	}
	// Changes made after others are told from them.
	if o, err := c.run(t.Context(), 100, 50*time.Millisecond, 5*time.Second); err != nil || len(o.last) != 5 || o.lost != 0 {
		t.Errorf("further changes: %d, %d lost, %v", len(o.last), o.lost, err)
	}
}

func TestChangesThatDoNotArriveAreLost(t *testing.T) {
	c := federationOf(t, 2, 1)
	o, err := c.run(t.Context(), 100, 50*time.Millisecond, 50*time.Millisecond)
	if err != nil || o.lost != 5 || len(o.last) != 0 {
		t.Errorf("%d are lost and %d everywhere, %v", o.lost, len(o.last), err)
	}
}

func TestEveryFifthChangeCreatesAnObject(t *testing.T) {
	for changes, want := range map[int]int{0: 0, 4: 0, 5: 1, 50: 10} {
		if got := created(changes); got != want {
			t.Errorf("%d changes create %d objects, want %d", changes, got, want)
		}
	}
}
