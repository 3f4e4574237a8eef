package pki

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

func TestRunMakesEverythingOnce(t *testing.T) {
	w := newWorld(t)
	w.run()
	mutualTrust(t, w.now, w)
	for _, which := range secrets.MadeByHooks() {
		if which != secrets.Kubeconfig { // publish makes that one
			w.data(which)
		}
	}
	if got := strings.Count(w.out.String(), ": made"); got != len(secrets.MadeByHooks())-1 {
		t.Errorf("%d lines say made:\n%s", got, w.out.String())
	}

	before := w.secrets.All()
	w.run()
	if diff := cmp.Diff(before, w.secrets.All()); diff != "" {
		t.Errorf("a second run changed something (-before +after):\n%s", diff)
	}
	if strings.Count(w.out.String(), ": kept") != len(before) {
		t.Errorf("not every line says kept:\n%s", w.out.String())
	}
}
