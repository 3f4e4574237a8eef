package memberstate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnfinished(t *testing.T) {
	m := Members{"gondor": {Wanted: 2, Ready: 2, Finished: FinishedComplete}, "rohan": {Wanted: 1, State: "Conflict", Message: "taken"}, "": {More: 3}}
	want := Members{"gondor": {Wanted: 2, Ready: 2}, "rohan": m["rohan"], "": m[""]}
	if diff := cmp.Diff(want, m.Unfinished()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m["gondor"].Finished == "" {
		t.Error("it was changed itself")
	}
	if got := Members(nil).Unfinished(); got != nil {
		t.Errorf("of nothing there is %v", got)
	}
}
