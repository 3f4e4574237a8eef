package customkinds

import (
	"slices"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func TestSubscribe(t *testing.T) {
	f := New(Options{})
	ring := kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring"}
	leaving := ring
	leaving.Leaving = true

	var early, late [][]kinds.Kind
	cancel := f.Subscribe(func(k []kinds.Kind) { early = append(early, k) })
	if len(early) != 0 || f.Kinds() != nil {
		t.Fatalf("told %v, %v before anything is known", early, f.Kinds())
	}
	f.tell([]kinds.Kind{kinds.Definitions()})
	f.tell([]kinds.Kind{kinds.Definitions()}) // nothing new
	f.tell([]kinds.Kind{kinds.Definitions(), ring})
	f.Subscribe(func(k []kinds.Kind) { late = append(late, k) })
	f.Kinds()[0].Resource = "spoiled"
	late[0][0].Resource = "spoiled"
	cancel()
	f.tell([]kinds.Kind{kinds.Definitions(), leaving})

	same := func(got, want [][]kinds.Kind) bool {
		return slices.EqualFunc(got, want, slices.Equal[[]kinds.Kind])
	}
	if want := [][]kinds.Kind{{kinds.Definitions()}, {kinds.Definitions(), ring}}; !same(early, want) {
		t.Errorf("the first was told %v, want %v", early, want)
	}
	late[0][0].Resource = kinds.Definitions().Resource
	if want := [][]kinds.Kind{{kinds.Definitions(), ring}, {kinds.Definitions(), leaving}}; !same(late, want) {
		t.Errorf("the other was told %v, want %v", late, want)
	}
	if got, want := f.Kinds(), []kinds.Kind{kinds.Definitions(), leaving}; !slices.Equal(got, want) {
		t.Errorf("Kinds() = %v, want %v", got, want)
	}
}
